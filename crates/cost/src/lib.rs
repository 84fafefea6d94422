//! The management cost model of the source article, as a library.
#![forbid(unsafe_code)]

mod batch;
mod breakeven;
mod crossover;
mod dynamics;
mod equilibrium;
mod error;
mod folds;
mod inputs;
mod numerics;
mod parameter;
mod report;
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
pub use folds::Folds;
pub use inputs::{Annotation, Feedback, Inputs, Promotion, TrainingTime, Weights};
pub use parameter::Parameter;
pub use report::{Report, RootReport};
pub use scenario::{Note, SCHEMA_VERSION, Scenario, ScenarioError};
pub use signs::{Diagnostic, SignConvention, diagnose};
pub use six_term::{SixTerm, SixTermRoot, six_term};
pub use tornado::{Bar, Range, tornado};
pub use training_effect::{EffectValue, TrainingEffect};
pub use whatif::{Axis, GridPoint, MAX_GRID, grid};
