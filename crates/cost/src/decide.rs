//! Decisions: the best plan under a budget and a deadline, and the trade-offs between cost, time and
//! effectiveness.
//!
//! | what | function |
//! | --- | --- |
//! | the best (D, P, n2) for the money | [`allocate`] |
//! | which plans no other plan beats | [`pareto::front`], [`pareto::ranks`] |
//! | how plans crowd, what a front is worth | [`pareto::crowding`], [`pareto::hypervolume`] |
//! | plans on a grid or a design, their front | [`pareto::Planner`], [`pareto::Plans::front`] |
//! | a front over cost, time and effectiveness by search | [`pareto::explore`] |

mod allocation;
mod error;
pub mod pareto;

pub use allocation::{
    Allocation, AllocationReport, Binding, Bounds, Budget, Kkt, Plan, Shortfall, allocate,
};
pub use error::DecideError;
