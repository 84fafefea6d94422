//! The pilots so far, in a file from which a plan goes on: `pilots.jsonl`.
//!
//! Its first line says what the pilots depend on (`fingerprint`); each other line is a pilot. The whole
//! file is written anew after a pilot, to a temporary name, synced and renamed: a run that is killed
//! leaves the pilots that were done.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::pilot::PilotRecord;
use crate::{Error, Result};

/// The journal's name in a plan's folder.
pub const JOURNAL: &str = "pilots.jsonl";
const FORMAT_VERSION: u32 = 1;

/// A journal of pilots.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    header: Header,
    records: Vec<PilotRecord>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format_version: u32,
    fingerprint: Map<String, Value>,
}

impl Journal {
    /// The journal of a folder, which is made if it is not there: a new one, or with `resume` the one
    /// that it holds. `fingerprint` has what the pilots depend on.
    ///
    /// # Errors
    /// [`Error::NotEmpty`] for pilots that are not to be resumed, [`Error::OtherPlan`] for those of
    /// another fingerprint, [`Error::Journal`] for a line that is none, [`Error::Io`].
    pub fn open(folder: &Path, fingerprint: Map<String, Value>, resume: bool) -> Result<Self> {
        let path = folder.join(JOURNAL);
        std::fs::create_dir_all(folder)
            .map_err(|source| Error::Io { path: folder.to_owned(), source })?;
        let header = Header { format_version: FORMAT_VERSION, fingerprint };
        let text = match std::fs::read_to_string(&path) {
            Ok(_) if !resume => return Err(Error::NotEmpty { path }),
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let journal = Self { path, header, records: Vec::new() };
                journal.write()?;
                return Ok(journal);
            }
            Err(source) => return Err(Error::Io { path, source }),
        };
        let records = read(&text, &path.display().to_string(), &header)?;
        Ok(Self { path, header, records })
    }

    /// The pilots so far.
    #[must_use]
    pub fn records(&self) -> &[PilotRecord] {
        &self.records
    }

    /// Whether the pilot of that number is done.
    #[must_use]
    pub fn has(&self, pilot: usize) -> bool {
        self.records.iter().any(|record| record.pilot == pilot)
    }

    /// Enters a pilot, and writes the file.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn enter(&mut self, record: PilotRecord) -> Result<()> {
        self.records.push(record);
        self.write()
    }

    fn write(&self) -> Result<()> {
        let json = |value: serde_json::Result<String>| {
            value.map_err(|fault| Error::Io { path: self.path.clone(), source: fault.into() })
        };
        let mut text = json(serde_json::to_string(&self.header))?;
        text.push('\n');
        for record in &self.records {
            text.push_str(&json(serde_json::to_string(record))?);
            text.push('\n');
        }
        replace(&self.path, &text)
    }
}

fn read(text: &str, file: &str, now: &Header) -> Result<Vec<PilotRecord>> {
    let fault = |line, what| Error::Journal { file: file.to_owned(), line, what };
    let mut lines = (1..).zip(text.lines());
    let (_, first) = lines.next().ok_or_else(|| fault(1, "no line, expected a header".into()))?;
    let then: Header =
        serde_json::from_str(first).map_err(|error| fault(1, format!("no header: {error}")))?;
    if then.format_version != now.format_version {
        let what =
            format!("format_version {}, expected {}", then.format_version, now.format_version);
        return Err(fault(1, what));
    }
    if let Some((field, expected, got)) = difference(&then.fingerprint, &now.fingerprint) {
        return Err(Error::OtherPlan { file: file.to_owned(), field, expected, got });
    }
    let record = |(line, text): (usize, &str)| {
        serde_json::from_str(text).map_err(|error| fault(line, format!("no pilot: {error}")))
    };
    lines.map(record).collect()
}

/// The first key in which two fingerprints differ, with both values.
fn difference(
    then: &Map<String, Value>,
    now: &Map<String, Value>,
) -> Option<(String, String, String)> {
    let shown = |map: &Map<String, Value>, key: &String| {
        map.get(key).map_or_else(|| "not there".to_owned(), Value::to_string)
    };
    let keys = then.keys().chain(now.keys().filter(|key| !then.contains_key(*key)));
    let mut differing = keys.filter(|key| then.get(*key) != now.get(*key));
    differing.next().map(|key| (key.clone(), shown(then, key), shown(now, key)))
}

/// Writes a file of a plan: to a temporary name, synced, renamed.
///
/// # Errors
/// [`Error::Io`].
pub(crate) fn replace(path: &Path, text: &str) -> Result<()> {
    tunewise_files::replace(path, text.as_bytes())
        .map_err(|source| Error::Io { path: path.to_owned(), source })
}
