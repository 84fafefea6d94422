//! The management cost model of the source article, as a library.
#![forbid(unsafe_code)]

mod error;
pub mod special;

pub use error::{Error, Result};
