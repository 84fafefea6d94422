//! A model id to a local checkpoint folder, by way of the Hugging Face cache.
//!
//! Names, addresses and the cache are those of the `hf-hub` crate, and so those of Python's
//! `huggingface_hub`: both use each other's downloads. The bytes are fetched here, because hf-hub 0.5
//! sends the token on to the storage host that a file is redirected to, and takes a short file for a
//! whole one.
//!
//! Nothing here reads the environment: endpoint, cache, token and offline mode are arguments, and
//! [`HubOptions::from_vars`] makes them of the variables that a program hands over.
//!
//! This feature sets the `log` crate's `max_level_debug`: at the trace level the HTTP client would log
//! the bytes of its requests, the token among them.

mod cache;
mod client;
mod error;
mod names;
mod options;
mod token;
mod transfer;

use std::path::{Path, PathBuf};

pub use error::HubError;
use hf_hub::{Repo, RepoType};
pub use options::HubOptions;
pub use token::Token;

use cache::ModelCache;
use client::Client;

use crate::{Error, Result};

const CONFIG: &str = "config.json";
/// One of them must be there.
const TOKENIZERS: [&str; 2] = ["tokenizer.json", "vocab.txt"];
/// Taken where a model has them.
const OPTIONAL: [&str; 3] = ["tokenizer_config.json", "special_tokens_map.json", "tunewise.json"];
const WEIGHTS: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";
/// Weights that are not read, the pickle first.
const OTHER_WEIGHTS: [&str; 4] =
    ["pytorch_model.bin", "tf_model.h5", "flax_model.msgpack", "model.onnx"];
const MAIN: &str = "main";

/// A download under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Download<'a> {
    /// The file.
    pub file: &'a str,
    /// Its bytes that are here; at the beginning those of an earlier, interrupted download.
    pub received: u64,
    /// Its size, where the hub tells.
    pub total: Option<u64>,
}

/// A model that is on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Its folder.
    pub folder: PathBuf,
    /// The commit that it is of; none for a folder that no hub was asked for.
    pub commit: Option<String>,
}

/// A hub of models and its cache.
#[derive(Debug)]
pub struct Hub {
    options: HubOptions,
}

impl Hub {
    /// A hub.
    #[must_use]
    pub fn new(options: HubOptions) -> Self {
        Self { options }
    }

    /// The folder of that name or, without one, the model of that id at a revision (none is `main`).
    ///
    /// `progress` hears of each file as it begins, grows and ends.
    ///
    /// # Errors
    /// [`Error::Argument`] for a revision of a folder; those of [`Hub::snapshot`].
    pub fn locate(
        &self,
        name_or_path: &Path,
        revision: Option<&str>,
        progress: &mut dyn FnMut(Download<'_>),
    ) -> Result<Snapshot> {
        if !name_or_path.is_dir() {
            let id = name_or_path.to_string_lossy();
            return self.snapshot(&id, revision.unwrap_or(MAIN), progress);
        }
        match revision {
            None => Ok(Snapshot { folder: name_or_path.to_owned(), commit: None }),
            Some(revision) => Err(Error::Argument {
                name: "revision",
                got: revision.to_owned(),
                expected: "nothing, since the model is a folder",
            }),
        }
    }

    /// The model of that id at a revision (a branch, a tag or a commit), downloaded where the cache
    /// does not have it.
    ///
    /// A commit that the cache has whole is taken without asking the hub. An interrupted download goes
    /// on where it ended. A file of Git LFS, as weights are, is compared with the SHA-256 that the hub
    /// announces. Weights are taken as safetensors, whole or in shards.
    ///
    /// # Errors
    /// [`Error::Argument`] for names that are no model id or revision; [`HubError`] for what the hub
    /// or, offline, the cache does not give; [`Error::Io`] for the cache.
    pub fn snapshot(
        &self,
        model_id: &str,
        revision: &str,
        progress: &mut dyn FnMut(Download<'_>),
    ) -> Result<Snapshot> {
        names::check_model_id(model_id)?;
        names::check_revision(revision)?;
        let (id, revision) = (model_id.to_owned(), revision.to_owned());
        let repo = Repo::with_revision(id, RepoType::Model, revision);
        let cache = ModelCache::new(&self.options.cache_dir, &repo);
        if self.options.offline || names::is_commit(repo.revision()) {
            let cached = cached(&cache);
            if let (Ok(_), _) | (_, true) = (&cached, self.options.offline) {
                return cached.map_err(|missing| offline(&repo, missing, &cache));
            }
        }
        let client = Client::new(&self.options, &repo, &cache)?;
        let listing = client.listing()?;
        let commit = listing.sha;
        let files: Vec<String> = listing.siblings.into_iter().map(|file| file.rfilename).collect();
        let mut fetch = |file: &str| match cache.has(&commit, file) {
            true => Ok(()),
            false => client.download(&commit, file, progress),
        };
        for file in small_files(&files) {
            fetch(file)?;
        }
        match weights(&files, &repo)? {
            WEIGHTS => fetch(WEIGHTS)?,
            index => {
                fetch(index)?;
                for shard in cache::shards(&cache.snapshot(&commit).join(index))? {
                    check_shard(&shard, &files, &repo)?;
                    fetch(&shard)?;
                }
            }
        }
        cache.finish(&commit)?;
        Ok(Snapshot { folder: cache.snapshot(&commit), commit: Some(commit) })
    }
}

/// `OWNER/NAME@REVISION`, for messages.
fn shown(repo: &Repo) -> String {
    format!("{}@{}", repo.url(), repo.revision())
}

/// The complete snapshot that the cache has, or what it lacks.
fn cached(cache: &ModelCache) -> Result<Snapshot, String> {
    let commit = cache.commit().ok_or("this revision")?;
    match cache.missing(&commit) {
        None => Ok(Snapshot { folder: cache.snapshot(&commit), commit: Some(commit) }),
        Some(missing) => Err(missing),
    }
}

fn offline(repo: &Repo, missing: String, cache: &ModelCache) -> Error {
    let looked_in = cache.root().to_owned();
    HubError::Offline { model: shown(repo), missing, looked_in }.into()
}

/// What is taken beside the weights. Of what must be there all is asked for, so that the hub says what
/// it lacks.
fn small_files(files: &[String]) -> impl Iterator<Item = &'static str> {
    let has = |name: &str| files.iter().any(|file| file == name);
    let tokenizers: Vec<_> = TOKENIZERS.into_iter().filter(|name| has(name)).collect();
    let tokenizers = if tokenizers.is_empty() { vec![TOKENIZERS[0]] } else { tokenizers };
    let optional: Vec<_> = OPTIONAL.into_iter().filter(|name| has(name)).collect();
    [CONFIG].into_iter().chain(tokenizers).chain(optional)
}

/// The file of the weights, or the index of their shards.
fn weights(files: &[String], repo: &Repo) -> Result<&'static str> {
    let has = |name: &&str| files.iter().any(|file| file == name);
    let found = match ([WEIGHTS, INDEX].into_iter().find(has), OTHER_WEIGHTS.into_iter().find(has))
    {
        (Some(name), _) => return Ok(name),
        (None, found) => found.unwrap_or("files of other kinds").to_owned(),
    };
    Err(HubError::NoSafetensors { model: shown(repo), found }.into())
}

/// A shard counts only as the plain name of a file that the hub lists.
fn check_shard(shard: &str, files: &[String], repo: &Repo) -> Result<()> {
    if names::is_plain(shard) && files.iter().any(|file| file == shard) {
        return Ok(());
    }
    let (model, index, shard) = (shown(repo), INDEX.to_owned(), shard.to_owned());
    Err(HubError::Shard { model, index, shard }.into())
}
