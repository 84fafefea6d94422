//! The cache of one model: hf-hub's paths, which are those of Python's `huggingface_hub`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use hf_hub::{Cache, CacheRepo, Repo};
use serde::Deserialize;

use super::{CONFIG, HubError, INDEX, TOKENIZERS, WEIGHTS, names};
use crate::{Error, Result};

/// `models--OWNER--NAME`.
#[derive(Debug)]
pub(super) struct ModelCache {
    paths: CacheRepo,
    root: PathBuf,
    locks: PathBuf,
    revision: String,
}

pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Error + '_ {
    |source| Error::Io { path: path.to_owned(), source }
}

impl ModelCache {
    pub(super) fn new(cache_dir: &Path, repo: &Repo) -> Self {
        Self {
            paths: Cache::new(cache_dir.to_owned()).repo(repo.clone()),
            root: cache_dir.join(repo.folder_name()),
            locks: cache_dir.join(".locks").join(repo.folder_name()),
            revision: repo.revision().to_owned(),
        }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn snapshot(&self, commit: &str) -> PathBuf {
        self.paths.pointer_path(commit)
    }

    pub(super) fn blob(&self, etag: &str) -> PathBuf {
        self.paths.blob_path(etag)
    }

    /// Where a blob grows; `huggingface_hub` goes on with the same file.
    pub(super) fn partial(&self, etag: &str) -> PathBuf {
        self.paths.blob_path(&format!("{etag}.incomplete"))
    }

    fn reference(&self) -> PathBuf {
        self.root.join("refs").join(&self.revision)
    }

    /// The commit that the revision meant when it was last looked up.
    pub(super) fn commit(&self) -> Option<String> {
        if names::is_commit(&self.revision) {
            return Some(self.revision.clone());
        }
        let text = fs::read_to_string(self.reference()).ok()?;
        Some(text.trim().to_owned()).filter(|commit| names::is_commit(commit))
    }

    /// Whether the snapshot has the file, whole: a link to a blob that is gone does not count.
    pub(super) fn has(&self, commit: &str, file: &str) -> bool {
        self.snapshot(commit).join(file).is_file()
    }

    /// What a snapshot lacks to be loaded; none if it is complete.
    pub(super) fn missing(&self, commit: &str) -> Option<String> {
        if !self.has(commit, CONFIG) {
            return Some(CONFIG.to_owned());
        }
        if !TOKENIZERS.iter().any(|name| self.has(commit, name)) {
            return Some(TOKENIZERS.join(" or "));
        }
        if self.has(commit, WEIGHTS) {
            return None;
        }
        match shards(&self.snapshot(commit).join(INDEX)) {
            Ok(shards) => shards.into_iter().find(|shard| !self.has(commit, shard)),
            Err(_) => Some(WEIGHTS.to_owned()),
        }
    }

    /// Takes the only place at a blob's download; other processes, Python's among them, wait.
    pub(super) fn lock(&self, etag: &str) -> Result<File> {
        let blobs = self.root.join("blobs");
        fs::create_dir_all(&blobs).map_err(io(&blobs))?;
        fs::create_dir_all(&self.locks).map_err(io(&self.locks))?;
        let path = self.locks.join(format!("{etag}.lock"));
        let file = File::create(&path).map_err(io(&path))?;
        file.lock().map_err(io(&path))?;
        Ok(file)
    }

    /// Gives a blob its name in the snapshot.
    pub(super) fn link(&self, commit: &str, file: &str, etag: &str) -> Result<()> {
        let folder = self.snapshot(commit);
        fs::create_dir_all(&folder).map_err(io(&folder))?;
        let name = folder.join(file);
        let _ = fs::remove_file(&name); // a link to a blob that is gone
        symlink(etag, &self.blob(etag), &name).map_err(io(&name))
    }

    /// Notes what the revision means, now that all its files are there.
    pub(super) fn finish(&self, commit: &str) -> Result<()> {
        if self.revision == commit {
            return Ok(());
        }
        let path = self.reference();
        let folder = path.parent().unwrap_or(&self.root);
        fs::create_dir_all(folder).map_err(io(folder))?;
        tunewise_files::replace(&path, commit.as_bytes()).map_err(io(&path))
    }
}

/// The names in the index of a sharded model.
pub(super) fn shards(index: &Path) -> Result<BTreeSet<String>> {
    #[derive(Deserialize)]
    struct Index {
        weight_map: BTreeMap<String, String>,
    }
    let bytes = fs::read(index).map_err(io(index))?;
    let parsed: Index = serde_json::from_slice(&bytes).map_err(|error| HubError::Response {
        url: index.display().to_string(),
        reason: format!("not the index of a sharded model: {error}"),
    })?;
    Ok(parsed.weight_map.into_values().collect())
}

#[cfg(unix)]
fn symlink(etag: &str, _: &Path, name: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(Path::new("../../blobs").join(etag), name)
}

#[cfg(not(unix))]
fn symlink(_: &str, blob: &Path, name: &Path) -> std::io::Result<()> {
    fs::copy(blob, name).map(drop)
}
