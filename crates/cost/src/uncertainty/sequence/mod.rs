//! Points that fill the unit cube more evenly than random ones.

mod directions;
mod latin_hypercube;
mod scramble;
mod sobol;

pub use latin_hypercube::latin_hypercube;
pub use scramble::Scramble;
pub use sobol::Sobol;
