//! Keeps the best weights and the checkpoints of a run on disk.

use crate::files::{self, OutputFolder};
use crate::pretrained::PretrainedWriter;
use crate::train::{Control, Event, Observer, TrainState};
use crate::{Result, model::weights};

/// Writes the model to the output folder's root whenever it improves, and `checkpoint-N` folders
/// with the optimizer's state whenever a save is due.
pub(super) struct Saver<'a> {
    pub(super) writer: &'a PretrainedWriter,
    pub(super) folder: &'a OutputFolder,
}

impl Observer for Saver<'_> {
    fn on_event(&mut self, event: &Event<'_>, state: &TrainState) -> Result<Control> {
        match event {
            Event::Improved { model } => self.writer.write(self.folder.path(), model)?,
            Event::SaveDue { model, optimizer } => {
                let path = self.folder.join(&format!("checkpoint-{}", state.step));
                files::write_folder(&path, |partial| {
                    self.writer.write(partial, model)?;
                    let tensors = optimizer.state();
                    let named = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor));
                    files::write(
                        &partial.join("optimizer.safetensors"),
                        &weights::serialize(named)?,
                    )?;
                    files::write_json(&partial.join("state.json"), state)
                })?;
            }
            _ => {}
        }
        Ok(Control::Continue)
    }
}
