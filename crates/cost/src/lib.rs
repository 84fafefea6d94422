//! The management cost model of the source article, as a library.
#![forbid(unsafe_code)]

mod equilibrium;
mod error;
mod inputs;
mod numerics;
mod parameter;
mod report;
mod scenario;
pub mod special;
mod training_effect;
pub mod uncertainty;

pub use equilibrium::{
    Branch, Contributions, Equilibrium, Gradient, Hessian, Model, Root, RootPolicy, Stability,
    Status, solve,
};
pub use error::{Error, Result};
pub use inputs::{Annotation, Feedback, Inputs, Promotion, TrainingTime, Weights};
pub use parameter::Parameter;
pub use report::{Report, RootReport};
pub use scenario::{Note, SCHEMA_VERSION, Scenario, ScenarioError};
pub use training_effect::{EffectValue, TrainingEffect};
