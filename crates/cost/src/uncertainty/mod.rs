//! Uncertain inputs: distributions, random and low-discrepancy designs, Monte Carlo, statistics of samples.

mod distribution;
mod monte_carlo;
mod sequence;
pub mod statistics;
mod stream;

pub use distribution::{Distribution, Family, Law, ThreePoint};
pub use monte_carlo::{
    Comparison, Correlation, Design, Estimate, Exceedance, MonteCarlo, Provenance,
    QuantileEstimate, Sample, Summary, Uncertainty,
};
pub use sequence::{Scramble, Sobol, latin_hypercube};
pub use stream::Stream;
