//! Arithmetic beyond 53 bits: what the accurate path stands on.

mod double_double;
mod dyadic;
mod scaled;
mod wide;

pub(crate) use double_double::{Dekker, Fused, TwoProduct};
pub(crate) use dyadic::Dyadic;
pub(crate) use scaled::Scaled;
pub(crate) use wide::Wide;
