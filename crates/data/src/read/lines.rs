//! Plain text, a text a line.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;

use crate::dataset::{Dataset, Example};
use crate::{Error, Result};

/// Reads a text a line, blank lines left out; `source` names the input in messages.
///
/// # Errors
/// [`Error::Utf8`] naming line and byte, [`Error::Io`], [`Error::Empty`].
///
/// ```
/// # fn main() -> tunewise_data::Result<()> {
/// let dataset = tunewise_data::read_lines("works well\n\nbroke\n".as_bytes(), "texts")?;
/// assert_eq!((dataset.len(), dataset.examples()[1].line), (2, 3));
/// # Ok(())
/// # }
/// ```
pub fn read_lines(reader: impl Read, source: &str) -> Result<Dataset> {
    let mut examples = Vec::new();
    for (line, bytes) in (1..).zip(BufReader::new(reader).split(b'\n')) {
        let bytes =
            bytes.map_err(|error| Error::Io { path: PathBuf::from(source), source: error })?;
        let text = std::str::from_utf8(&bytes).map_err(|error| Error::Utf8 {
            file: source.to_owned(),
            line,
            place: "line".to_owned(),
            offset: error.valid_up_to(),
            byte: bytes.get(error.valid_up_to()).copied().unwrap_or_default(),
        })?;
        let text = text.trim();
        if !text.is_empty() {
            examples.push(Example { text: text.to_owned(), text_pair: None, label: None, line });
        }
    }
    if examples.is_empty() {
        return Err(Error::Empty { file: source.to_owned() });
    }
    Ok(Dataset::new(source, examples, None))
}
