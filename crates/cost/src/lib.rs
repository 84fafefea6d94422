//! The management cost model of the source article: what the next point of effectiveness costs.
//!
//! | symbol | name | unit | equation |
//! | --- | --- | --- | --- |
//! | D | `data_volume` | samples | given |
//! | P | `param_count` | parameters | given |
//! | x | `training_effect` | samples/parameter | x = D/P |
//! | C | `annotation_cost` | currency | C = k1·D + k2 |
//! | T | `training_time` | hours | T = l·P + m |
//! | M | `promotion_cost` | currency | M = n1·x + n2 |
//! | F | `feedback` | index | F = o·E + p |
//! | E | `effectiveness` | utility | E = a·x + b·T + c·C + d·M/F |
//! | A | `autonomous` | utility | A = a·x + b·T + c·C |
//! | G | `pull` | utility·index | G = d·M |
//! | S | `feedback_sum` | index | S = o·A + p = F₊ + F₋ |
//! | Δ | `discriminant` | index² | Δ = S² + 4·o·G; F± = (S ± √Δ)/2 |
//! | κ | `kappa` | none | κ = o·G/S²; real roots from −1/4 on |
//! | λ | `multiplier` | none | λ = F_other/F |
//!
//! x to E are the source article's section 4; from A on they follow from it. All sixteen inputs with
//! their units: [`Parameter`].
//!
#![doc = include_str!("guide.md")]
#![forbid(unsafe_code)]

mod batch;
mod breakeven;
#[cfg(feature = "calibrate")]
pub mod calibrate;
mod crossover;
pub mod decide;
mod dynamics;
mod equilibrium;
mod error;
mod folds;
mod inputs;
mod numerics;
mod parameter;
#[cfg(feature = "records")]
pub mod records;
mod report;
pub mod scaling;
mod scenario;
pub mod sensitivity;
mod signs;
mod six_term;
pub mod special;
mod tornado;
mod training_effect;
pub mod uncertainty;
mod whatif;

pub use batch::{Column, Columns};
pub use breakeven::BreakEven;
pub use crossover::Crossover;
pub use dynamics::{Dynamics, Regime, Trajectory};
pub use equilibrium::{
    Branch, Contributions, Equilibrium, Gradient, Hessian, Model, Root, RootPolicy, Stability,
    Status, solve,
};
pub use error::{Error, Result};
pub use folds::{FoldPoint, FoldReport, Folds};
pub use inputs::{Annotation, Feedback, Inputs, Promotion, TrainingTime, Weights};
pub use parameter::Parameter;
pub use report::{Report, RootReport};
pub use scenario::{Note, SCHEMA_VERSION, Scenario, ScenarioError};
pub use signs::{Diagnostic, SignConvention, diagnose};
pub use six_term::{SixTerm, SixTermRoot, six_term};
pub use tornado::{Bar, Range, tornado};
pub use training_effect::{EffectValue, TrainingEffect};
pub use whatif::{Axis, GridPoint, MAX_GRID, grid};
