//! The crate's error type.

use tch::TchError;

/// What can go wrong below the model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// libtorch refused an operation of the shim.
    #[error("{op}: {}", first_line(message))]
    Libtorch {
        /// The operation.
        op: &'static str,
        /// libtorch's message.
        message: String,
    },
    /// libtorch refused an operation called through tch.
    #[error("{op}: {}", first_line(&source.to_string()))]
    Tch {
        /// The operation.
        op: &'static str,
        /// tch's error.
        source: TchError,
    },
    /// A tensor does not fit where it is to go.
    #[error("optimizer state `{name}`: expected shape {expected:?} of Float, got {got}")]
    StateMismatch {
        /// The tensor's name.
        name: String,
        /// The shape it must have.
        expected: Vec<i64>,
        /// What was found: a shape and dtype, or `nothing`.
        got: String,
    },
    /// A tensor's numbers cannot be seen as a slice.
    #[error("a view needs a contiguous Float tensor on the CPU, got {kind:?} on {device:?}")]
    NoView {
        /// What the tensor holds.
        kind: tch::Kind,
        /// Where it is.
        device: tch::Device,
    },
    /// A setting of a group of processes is missing or out of its range.
    #[error("{name}: got {got}, expected {expected}")]
    GroupSetting {
        /// The environment variable or argument.
        name: &'static str,
        /// What it is.
        got: String,
        /// What it must be.
        expected: String,
    },
    /// The processes of a group did not come together.
    #[error("rank {rank} of {world_size}, {op}: {}", first_line(message))]
    Group {
        /// The operation.
        op: &'static str,
        /// This process.
        rank: usize,
        /// How many there are.
        world_size: usize,
        /// libtorch's message.
        message: String,
    },
    /// A parameter cannot be optimized by the fused kernel.
    #[error("parameter `{name}` must be a contiguous Float tensor that requires a gradient")]
    UnsuitableParameter {
        /// The parameter's name.
        name: String,
    },
}

/// The crate's result type.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// libtorch appends a C++ backtrace to its messages; a user needs the first line.
fn first_line(message: &str) -> &str {
    message.lines().next().unwrap_or_default()
}

/// Names the operation of a tch call that failed.
pub(crate) trait Context<T> {
    fn op(self, op: &'static str) -> Result<T>;
}

impl<T> Context<T> for Result<T, TchError> {
    fn op(self, op: &'static str) -> Result<T> {
        self.map_err(|source| Error::Tch { op, source })
    }
}
