//! Cheaper labels: many annotators' votes to one label, a model's guesses to labels, which rows to
//! label next, which labels are likely wrong.
//!
//! | module | what |
//! | --- | --- |
//! | `votes` | [`Votes`]: who gave which label to what; [`Votes::majority`] |
//! | `dawid_skene` | [`dawid_skene()`]: labels and annotators' errors, estimated together |
//! | `confident` | [`ConfidentJoint`]: likely label errors (confident learning) |
//! | `active` | [`uncertainty`], [`most_uncertain`], [`k_center`]: what to label next |
//! | `pseudo` | [`pseudo_labels`]: sure guesses as labels |
//!
//! A model enters as numbers: [`Probabilities`] of rows, from whatever computes them
//! ([`ProbabilityModel`]).

mod active;
mod confident;
mod dawid_skene;
mod probabilities;
mod pseudo;
mod votes;

pub use active::{Uncertainty, k_center, most_uncertain, uncertainty};
pub use confident::{ConfidentJoint, LabelError, Prune};
pub use dawid_skene::{AnnotatorQuality, DawidSkene, DawidSkeneOptions, dawid_skene};
pub(crate) use probabilities::largest;
pub use probabilities::{Probabilities, ProbabilityModel};
pub use pseudo::{PseudoLabel, PseudoLabelOptions, pseudo_labels};
pub use votes::{MajorityLabel, Vote, Votes};
