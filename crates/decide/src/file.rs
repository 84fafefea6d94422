//! Files that are whole or not there.

use std::path::Path;

use crate::{Error, Result};

/// Writes a file whole: to a temporary name, synced, renamed.
///
/// # Errors
/// [`Error::Io`].
pub fn replace_file(path: &Path, text: &str) -> Result<()> {
    tunewise_files::replace(path, text.as_bytes())
        .map_err(|source| Error::Io { path: path.to_owned(), source })
}
