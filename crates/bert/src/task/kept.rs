//! The weights that a run keeps.

use std::path::Path;

use super::saved_run::{BEST, MODEL};
use crate::error::Context;
use crate::files::{self, ADAPTER_FOLDER, OutputFolder};
use crate::{BertClassifier, PretrainedWriter, Result};

/// Of a model with adapters, a checkpoint's own weights and the best so far; the whole models beside
/// them have the adapters merged.
const TRAINED: &str = "trained.safetensors";
const BEST_TRAINED: &str = "best_trained.safetensors";

/// The output folder as the place of the kept weights: a whole model, in which adapters are merged, and
/// the adapters by themselves in `adapter/`.
pub(super) struct Kept<'a> {
    writer: &'a PretrainedWriter,
    folder: &'a OutputFolder,
    /// What the adapters' configuration calls their base.
    base: String,
    /// The best adapters so far.
    best: Option<Vec<u8>>,
}

impl<'a> Kept<'a> {
    pub(super) fn new(
        writer: &'a PretrainedWriter,
        folder: &'a OutputFolder,
        base: String,
    ) -> Self {
        Self { writer, folder, base, best: None }
    }

    /// Keeps a model that is the best so far.
    pub(super) fn keep(&mut self, model: &BertClassifier) -> Result<()> {
        self.best = model.adapter_state()?;
        self.write(model)
    }

    /// Writes the model.
    pub(super) fn write(&self, model: &BertClassifier) -> Result<()> {
        self.writer.write(self.folder.path(), model)?;
        self.write_adapter(model)
    }

    fn write_adapter(&self, model: &BertClassifier) -> Result<()> {
        if !model.is_adapted() {
            return Ok(());
        }
        files::write_folder(&self.folder.join(ADAPTER_FOLDER), |partial| {
            self.writer.settings().save(partial)?;
            model.save_adapter(partial, &self.base)
        })
    }

    /// Gives the model the weights that were kept.
    pub(super) fn recall(&self, model: &mut BertClassifier) -> Result<()> {
        match &self.best {
            Some(best) => model.load_adapter_state(best, self.folder.path()),
            None => model.restore(self.folder.path()),
        }
    }

    /// Writes into a checkpoint the model and, if there are, the best weights.
    pub(super) fn save(&self, dir: &Path, model: &BertClassifier, has_best: bool) -> Result<()> {
        self.writer.write(dir, model)?;
        if let Some(trained) = model.adapter_state()? {
            files::write(&dir.join(TRAINED), &trained)?;
        }
        if let Some(best) = &self.best {
            files::write(&dir.join(BEST_TRAINED), best)?;
        }
        if has_best {
            files::link(&self.folder.join(MODEL), &dir.join(BEST))?;
        }
        Ok(())
    }

    /// Gives the model the weights of a checkpoint, and the output folder the best adapters of that
    /// time.
    pub(super) fn resume(&mut self, checkpoint: &Path, model: &mut BertClassifier) -> Result<()> {
        let best = checkpoint.join(BEST_TRAINED);
        if model.is_adapted() && best.is_file() {
            let bytes = std::fs::read(&best).at(&best)?;
            model.load_adapter_state(&bytes, &best)?;
            self.write_adapter(model)?;
            self.best = Some(bytes);
        }
        load(checkpoint, model)
    }
}

/// Gives the model the weights of a checkpoint.
pub(super) fn load(checkpoint: &Path, model: &mut BertClassifier) -> Result<()> {
    if !model.is_adapted() {
        return model.restore(checkpoint);
    }
    let trained = checkpoint.join(TRAINED);
    model.load_adapter_state(&std::fs::read(&trained).at(&trained)?, &trained)
}
