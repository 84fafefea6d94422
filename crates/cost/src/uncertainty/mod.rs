//! Uncertain inputs: distributions, random and low-discrepancy designs, Monte Carlo, statistics of samples.

mod distribution;
mod sequence;
pub mod statistics;
mod stream;

pub use distribution::{Distribution, Family, Law, ThreePoint};
pub use sequence::{Scramble, Sobol, latin_hypercube};
pub use stream::Stream;
