//! Files that are written whole or not at all.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Serialize;
use sha2::{Digest, Sha256};
use tunewise_files::PARTIAL;

use crate::error::Context;
use crate::{Error, Result};

/// Writes `bytes` whole or not at all.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    tunewise_files::replace(path, bytes).at(path)
}

/// Gives `path` the contents of `source`, whole or not at all: a second name of the same file where
/// the file system has that, else a copy. Neither file is ever written to in place.
pub(crate) fn link(source: &Path, path: &Path) -> Result<()> {
    let folder = tunewise_files::parent(path);
    let spare = tempfile::Builder::new().prefix(PARTIAL).tempdir_in(folder).at(folder)?;
    let second = spare.path().join("linked");
    if fs::hard_link(source, &second).is_err() {
        fs::copy(source, &second).at(source)?;
        File::open(&second).and_then(|file| file.sync_all()).at(path)?;
    }
    fs::rename(&second, path).at(path)?;
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
    let parent = tunewise_files::parent(path);
    let partial = tempfile::Builder::new().prefix(PARTIAL).tempdir_in(parent).at(parent)?;
    fill(partial.path()).map_err(|error| renamed(error, partial.path(), path))?;
    sync_folder(partial.path())?;
    remove_folder(path)?;
    fs::rename(partial.path(), path).at(path)?;
    let _ = partial.keep(); // it has its name
    sync_folder(parent)
}

/// Removes a folder, if it is there: first its name, so that a kill leaves no half of it.
pub(crate) fn remove_folder(path: &Path) -> Result<()> {
    let parent = tunewise_files::parent(path);
    if !path.exists() {
        return Ok(());
    }
    let spare = tempfile::Builder::new().prefix(PARTIAL).tempdir_in(parent).at(parent)?;
    fs::rename(path, spare.path().join("removed")).at(path)?;
    spare.close().at(path)
}

/// A fault under the temporary name is told under the name that was asked for.
fn renamed(error: Error, partial: &Path, path: &Path) -> Error {
    match error {
        Error::Io { path: at, source } => {
            let at = at.strip_prefix(partial).map_or(at.clone(), |rest| path.join(rest));
            Error::Io { path: at, source }
        }
        other => other,
    }
}

/// SHA-256 of a file, hexadecimal, and its size.
pub(crate) fn sha256(path: &Path) -> Result<(String, u64)> {
    let mut file = File::open(path).at(path)?;
    let (mut hasher, mut size) = (Sha256::new(), 0);
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer).at(path)? {
            0 => break,
            read => {
                size += read as u64;
                hasher.update(buffer.get(..read).unwrap_or_default());
            }
        }
    }
    Ok((hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect(), size))
}

fn sync_folder(folder: &Path) -> Result<()> {
    tunewise_files::sync_folder(folder).at(folder)
}

/// What of an output folder may be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Replaceable {
    /// It must be empty.
    Nothing,
    /// What a run writes, if there is nothing else.
    OwnFiles,
    /// What a run writes; other files stay.
    Anything,
}

fn is_own(name: &str) -> bool {
    OWN_FILES.contains(&name)
        || checkpoint_step(name).is_some()
        || name == EVENTS_FOLDER
        || name == ADAPTER_FOLDER
        || name.starts_with(PARTIAL)
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

/// Where the adapters of a model stand by themselves, and their files.
pub(crate) const ADAPTER_FOLDER: &str = "adapter";
pub(crate) const ADAPTER_CONFIG: &str = "adapter_config.json";
pub(crate) const ADAPTER_WEIGHTS: &str = "adapter_model.safetensors";
pub(crate) const ADAPTER_LABELS: &str = "labels.json";

/// Where TensorBoard's files stand.
pub(crate) const EVENTS_FOLDER: &str = "runs";

/// How their names end.
pub(crate) const EVENTS_EXTENSION: &str = "tunewise";

impl OutputFolder {
    /// Refuses a folder with content that nobody allowed to replace; changes nothing.
    pub(crate) fn check(path: &Path, replaceable: Replaceable) -> Result<()> {
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(Error::Io { path: path.to_owned(), source }),
        };
        for entry in entries {
            let name = entry.at(path)?.file_name();
            let stays = match replaceable {
                Replaceable::Nothing => true,
                Replaceable::OwnFiles => !is_own(&name.to_string_lossy()),
                Replaceable::Anything => false,
            };
            if stays {
                return Err(Error::OutputNotEmpty { path: path.to_owned() });
            }
        }
        Ok(())
    }

    /// Makes the folder and clears it of an earlier run's files; other files stay.
    pub(crate) fn create(path: &Path, replaceable: Replaceable) -> Result<Self> {
        Self::check(path, replaceable)?;
        let folder = Self::open(path)?;
        for entry in fs::read_dir(path).at(path)? {
            let entry = entry.at(path)?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if OWN_FILES.contains(&name.as_ref()) {
                fs::remove_file(entry.path()).at(&entry.path())?;
            } else if checkpoint_step(&name).is_some() {
                fs::remove_dir_all(entry.path()).at(&entry.path())?;
            } else if name == EVENTS_FOLDER {
                clear_events(&entry.path())?;
            } else if name == ADAPTER_FOLDER {
                clear_adapter(&entry.path())?;
            }
        }
        Ok(folder)
    }

    /// Makes the folder if it is not there, checks that it can be written to, and clears it of what a
    /// kill left unfinished.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        fs::create_dir_all(path).at(path)?;
        tempfile::tempfile_in(path).at(path)?; // writable?
        for entry in fs::read_dir(path).at(path)? {
            let entry = entry.at(path)?;
            if entry.file_name().to_string_lossy().starts_with(PARTIAL) {
                let left = entry.path();
                let removed =
                    if left.is_dir() { fs::remove_dir_all(&left) } else { fs::remove_file(&left) };
                removed.at(&left)?;
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

/// Removes an earlier run's adapters, and their folder if nothing else is in it.
pub(crate) fn clear_adapter(folder: &Path) -> Result<()> {
    for name in [ADAPTER_CONFIG, ADAPTER_WEIGHTS, ADAPTER_LABELS, "tunewise.json"] {
        let path = folder.join(name);
        if path.is_file() {
            fs::remove_file(&path).at(&path)?;
        }
    }
    let mut left = fs::read_dir(folder).at(folder)?;
    if left.next().is_none() { fs::remove_dir(folder).at(folder) } else { Ok(()) }
}

/// What the folder of a checkpoint is called.
pub(crate) fn checkpoint_name(step: u64) -> String {
    format!("checkpoint-{step}")
}

/// The step of a checkpoint's folder name.
pub(crate) fn checkpoint_step(name: &str) -> Option<u64> {
    let step = name.strip_prefix("checkpoint-")?;
    step.parse().ok().filter(|&number| checkpoint_name(number) == name)
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
        for name in ["checkpoint-7", "checkpoint-best", "runs", "adapter"] {
            fs::create_dir(root.path().join(name)).unwrap();
        }
        fs::write(root.path().join("adapter").join(ADAPTER_CONFIG), "x").unwrap();
        for name in ["events.out.tfevents.1.tunewise", "events.out.tfevents.1.other"] {
            fs::write(root.path().join("runs").join(name), "x").unwrap();
        }
        assert!(matches!(
            OutputFolder::create(root.path(), Replaceable::OwnFiles),
            Err(Error::OutputNotEmpty { .. })
        ));
        OutputFolder::create(root.path(), Replaceable::Anything).unwrap();
        let mut left: Vec<_> =
            fs::read_dir(root.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["checkpoint-best", "notes.txt", "runs"]);
        assert_eq!(fs::read_dir(root.path().join("runs")).unwrap().count(), 1);
    }
}
