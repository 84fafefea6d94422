//! What can go wrong with a command.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use tunewise_cost::ScenarioError;
use tunewise_cost::records::RecordError;

/// A file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// It cannot be read.
    #[error("{}: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    /// It cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
    /// It is no scenario.
    #[error("{}: {source}", path.display())]
    Scenario { path: PathBuf, source: ScenarioError },
    /// It holds no records, or none that can be fitted.
    #[error("{}: {source}", path.display())]
    Records { path: PathBuf, source: RecordError },
    /// Its name ends in nothing known.
    #[error("{}: expected a name that ends in {expected}", path.display())]
    Extension { path: PathBuf, expected: &'static str },
    /// There are many scenarios where one is wanted.
    #[error("{}: this command takes one scenario, in a .toml or .json file", path.display())]
    Lines { path: PathBuf },
    /// An option does not fit.
    #[error("{0}")]
    Usage(&'static str),
}

/// The text of a file.
pub(crate) fn read(path: &Path) -> Result<String, Fault> {
    std::fs::read_to_string(path).map_err(|source| Fault::Read { path: path.to_owned(), source })
}

/// A file to read records from.
pub(crate) fn open(path: &Path) -> Result<File, Fault> {
    File::open(path).map_err(|source| Fault::Read { path: path.to_owned(), source })
}

/// Writes a picture.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Fault> {
    std::fs::write(path, text).map_err(|source| Fault::Write { path: path.to_owned(), source })
}
