//! The equilibrium of E = A + G/F and F = o·E + p.

mod answer;
mod exact;
mod gradient;
mod model;
mod reduced;
mod root;
mod roots;

pub use answer::{Equilibrium, Status};
pub use gradient::{Gradient, Hessian};
pub(crate) use model::effectiveness_of;
pub use model::{Contributions, Model, RootPolicy, solve};
pub(crate) use reduced::Reduced;
pub use root::{Branch, Root, Stability};
