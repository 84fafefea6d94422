//! Where a run's first weights, tokenizer and configuration come from.

use std::path::{Path, PathBuf};

use super::config::FinetuneConfig;
use super::notice::Notice;
use crate::{Error, Result};

/// A checkpoint folder, and which commit of a hub's model it is.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) folder: PathBuf,
    pub(super) commit: Option<String>,
}

impl Origin {
    /// The folder that the configuration names or, where there is none, the hub's model of that id: at
    /// `pinned` if a resumed run began with that commit.
    pub(super) fn locate(
        config: &FinetuneConfig,
        pinned: Option<&str>,
        tell: &mut dyn FnMut(&Notice),
    ) -> Result<Self> {
        let name = config.model_name_or_path.as_path();
        if !name.is_dir() {
            return of_hub(config, pinned, tell);
        }
        if let Some(revision) = &config.revision {
            let expected = "nothing, since the model is a folder".to_owned();
            return Err(Error::Setting { name: "revision", got: revision.clone(), expected });
        }
        Ok(Self { folder: name.to_owned(), commit: None })
    }
}

#[cfg(feature = "hub")]
fn of_hub(
    config: &FinetuneConfig,
    pinned: Option<&str>,
    tell: &mut dyn FnMut(&Notice),
) -> Result<Origin> {
    use tunewise_data::hub::{Download, Hub};

    let name = config.model_name_or_path.as_path();
    let Some(options) = &config.hub else { return Err(no_hub(name)) };
    let mut progress = |Download { file, received, total }: Download<'_>| {
        tell(&Notice::Download { file: file.to_owned(), received, total });
    };
    let revision = pinned.or(config.revision.as_deref());
    let found = Hub::new(options.clone()).locate(name, revision, &mut progress)?;
    let (folder, commit) = (found.folder, found.commit);
    if let Some(commit) = &commit {
        tell(&Notice::Model { name: name.to_owned(), commit: commit.clone() });
    }
    Ok(Origin { folder, commit })
}

#[cfg(not(feature = "hub"))]
fn of_hub(config: &FinetuneConfig, _: Option<&str>, _: &mut dyn FnMut(&Notice)) -> Result<Origin> {
    Err(no_hub(&config.model_name_or_path))
}

fn no_hub(name: &Path) -> Error {
    Error::NoFolder { path: name.to_owned() }
}
