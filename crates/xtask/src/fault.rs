//! What went wrong, and what to do about it.

use std::fmt;

/// One line for the user.
#[derive(Debug)]
pub(crate) struct Fault {
    what: String,
    remedy: String,
}

pub(crate) type Result<T> = std::result::Result<T, Fault>;

impl Fault {
    pub(crate) fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.what, self.remedy)
    }
}

/// Names the path of a system error.
pub(crate) trait At<T> {
    fn at(self, path: &std::path::Path) -> Result<T>;
}

impl<T> At<T> for std::io::Result<T> {
    fn at(self, path: &std::path::Path) -> Result<T> {
        self.map_err(|error| {
            Fault::new(
                format!("{}: {error}", path.display()),
                "check the folder's permissions and space",
            )
        })
    }
}
