//! Which uncertain inputs the spread of the answer comes from.

mod indices;
mod morris;
mod saltelli;

pub use indices::{Bootstrap, Index, PairIndex, SobolIndices};
pub use morris::{ElementaryEffects, Trajectories};
pub use saltelli::SobolPlan;
