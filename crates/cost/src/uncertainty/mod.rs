//! Uncertain inputs: distributions, random and low-discrepancy designs, Monte Carlo, statistics of samples.

mod distribution;
pub mod statistics;
mod stream;

pub use distribution::{Distribution, Family, Law, ThreePoint};
pub use stream::Stream;
