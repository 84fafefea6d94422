//! One model for many threads and tasks: requests that come together are computed together.

mod micro_batcher;
mod pending;
mod shared;

pub use pending::{Answer, Pending};
pub use shared::{ShareOptions, SharedClassifier};
