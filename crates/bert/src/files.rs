//! Files that are written whole or not at all.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::Context;
use crate::{Error, Result};

/// Writes `bytes` to a temporary name beside `path`, syncs, renames, and syncs the folder.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file =
        tempfile::Builder::new().permissions(permissions()).tempfile_in(folder).at(folder)?;
    file.write_all(bytes).at(path)?;
    file.as_file().sync_all().at(path)?;
    file.persist(path).map_err(|error| Error::Io { path: path.to_owned(), source: error.error })?;
    sync_folder(folder)
}

/// Writes a value as indented JSON.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let mut bytes = serde_json::to_vec_pretty(value).at(path)?;
    bytes.push(b'\n');
    write(path, &bytes)
}

/// Fills a folder under a temporary name and renames it to `path`, replacing what was there.
pub(crate) fn write_folder(path: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let parent = path.parent().unwrap_or(Path::new("."));
    let partial = tempfile::Builder::new().prefix(".partial-").tempdir_in(parent).at(parent)?;
    fill(partial.path())?;
    sync_folder(partial.path())?;
    if path.exists() {
        fs::remove_dir_all(path).at(path)?;
    }
    fs::rename(partial.keep(), path).at(path)?;
    sync_folder(parent)
}

fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder).and_then(|folder| folder.sync_all()).at(folder)
}

#[cfg(unix)]
fn permissions() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    fs::Permissions::from_mode(0o644)
}

/// The output folder of a run.
#[derive(Debug, Clone)]
pub(crate) struct OutputFolder(PathBuf);

/// What a run writes, and so may replace; `checkpoint-N` folders besides.
const OWN_FILES: [&str; 16] = [
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "vocab.txt",
    "tunewise.json",
    "log.jsonl",
    "metrics.json",
    "report.txt",
    "predictions.csv",
    "run.json",
    "loss_curve.svg",
    "confusion_matrix.svg",
    "optimizer.safetensors",
    "state.json",
];

/// Where TensorBoard's files stand.
pub(crate) const EVENTS_FOLDER: &str = "runs";

/// How their names end.
pub(crate) const EVENTS_EXTENSION: &str = "tunewise";

impl OutputFolder {
    /// Refuses a folder with content that nobody allowed to replace; changes nothing.
    pub(crate) fn check(path: &Path, overwrite: bool) -> Result<()> {
        let occupied = match fs::read_dir(path) {
            Ok(mut entries) => entries.next().is_some(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
            Err(source) => return Err(Error::Io { path: path.to_owned(), source }),
        };
        if occupied && !overwrite {
            return Err(Error::OutputNotEmpty { path: path.to_owned() });
        }
        Ok(())
    }

    /// Makes the folder and clears it of an earlier run's files; other files stay.
    pub(crate) fn create(path: &Path, overwrite: bool) -> Result<Self> {
        Self::check(path, overwrite)?;
        fs::create_dir_all(path).at(path)?;
        tempfile::tempfile_in(path).at(path)?; // writable?
        for entry in fs::read_dir(path).at(path)? {
            let entry = entry.at(path)?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if OWN_FILES.contains(&name.as_ref()) {
                fs::remove_file(entry.path()).at(&entry.path())?;
            } else if is_checkpoint(&name) {
                fs::remove_dir_all(entry.path()).at(&entry.path())?;
            } else if name == EVENTS_FOLDER {
                clear_events(&entry.path())?;
            }
        }
        Ok(Self(path.to_owned()))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

/// Removes the event files of an earlier run.
fn clear_events(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).at(folder)? {
        let path = entry.at(folder)?.path();
        if path.extension().is_some_and(|extension| extension == EVENTS_EXTENSION) {
            fs::remove_file(&path).at(&path)?;
        }
    }
    Ok(())
}

fn is_checkpoint(name: &str) -> bool {
    let step = name.strip_prefix("checkpoint-");
    step.is_some_and(|step| !step.is_empty() && step.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_folder_leaves_nothing() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("checkpoint-1");
        let failed = write_folder(&target, |folder| {
            write(&folder.join("config.json"), b"{}")?;
            Err(Error::Internal { what: "test" })
        });
        assert!(failed.is_err());
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[test]
    fn overwriting_clears_own_files_and_keeps_others() {
        let root = tempfile::tempdir().unwrap();
        for name in ["report.txt", "notes.txt"] {
            fs::write(root.path().join(name), "x").unwrap();
        }
        for name in ["checkpoint-7", "checkpoint-best", "runs"] {
            fs::create_dir(root.path().join(name)).unwrap();
        }
        for name in ["events.out.tfevents.1.tunewise", "events.out.tfevents.1.other"] {
            fs::write(root.path().join("runs").join(name), "x").unwrap();
        }
        assert!(matches!(
            OutputFolder::create(root.path(), false),
            Err(Error::OutputNotEmpty { .. })
        ));
        OutputFolder::create(root.path(), true).unwrap();
        let mut left: Vec<_> =
            fs::read_dir(root.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["checkpoint-best", "notes.txt", "runs"]);
        assert_eq!(fs::read_dir(root.path().join("runs")).unwrap().count(), 1);
    }
}
