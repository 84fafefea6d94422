//! Flags that load a fine-tuned checkpoint.

use std::path::{Path, PathBuf};

use clap::Args;
use tunewise_bert::task::DeviceChoice;
use tunewise_bert::{
    Aggregation, Backend, Calibration, Classifier, ClassifierOptions, InferencePrecision,
    LongTexts, Result, set_num_threads,
};
use tunewise_examples_pure::say;

use crate::locate_model;

/// Which checkpoint, and how it runs.
#[derive(Debug, Clone, Args)]
pub struct ClassifierArgs {
    /// Folder of the fine-tuned checkpoint, or the id of a hub's model
    #[arg(long, value_name = "DIR_OR_ID")]
    pub model: PathBuf,
    /// Branch, tag or commit of the hub's model [default: main]
    #[arg(long, value_name = "REVISION")]
    pub revision: Option<String>,
    /// Tokens that texts are truncated to [default: as trained]
    #[arg(long, value_name = "N")]
    pub max_seq_length: Option<usize>,
    /// Read long texts in windows that overlap by this many tokens [default: truncate them]
    #[arg(long, value_name = "N")]
    pub stride: Option<usize>,
    /// How the windows' logits become a text's: mean, max or first
    #[arg(long, value_name = "RULE", default_value_t = Aggregation::Mean, requires = "stride")]
    pub aggregation: Aggregation,
    /// The most windows of a text
    #[arg(long, value_name = "N", default_value_t = 64, requires = "stride")]
    pub max_windows: usize,
    /// Rows of a batch
    #[arg(long, value_name = "N", default_value_t = 64)]
    pub batch_size: usize,
    /// stored (fp32, or int8 of a folder that `export` wrote), fp32, bf16, int8 or auto (bf16 where it is
    /// faster); bf16 also stands for 16-bit integers, where the processor has those
    #[arg(long, value_name = "P", default_value_t = InferencePrecision::Stored)]
    pub precision: InferencePrecision,
    /// Threads [default: the cores]
    #[arg(long, value_name = "N")]
    pub threads: Option<u16>,
    /// cpu, cuda:N or auto
    #[arg(long, value_name = "D", default_value_t = DeviceChoice::Auto)]
    pub device: DeviceChoice,
}

/// A checkpoint, or a hub's model, with the settings that it was trained with.
///
/// # Errors
/// As [`ClassifierArgs::load`].
pub fn load_classifier(
    model: &Path,
    precision: InferencePrecision,
    device: DeviceChoice,
    threads: Option<u16>,
) -> Result<Classifier> {
    let ClassifierOptions { batch_size, max_seq_length, .. } = ClassifierOptions::default();
    let (revision, stride, aggregation, max_windows) = (None, None, Aggregation::Mean, 1);
    let model = model.to_owned();
    ClassifierArgs {
        model,
        revision,
        max_seq_length,
        stride,
        aggregation,
        max_windows,
        batch_size,
        precision,
        threads,
        device,
    }
    .load()
}

impl ClassifierArgs {
    /// Loads the checkpoint.
    ///
    /// # Errors
    /// Those of [`Classifier::with_options`] and [`locate_model`], and a device that is not there.
    pub fn load(&self) -> Result<Classifier> {
        let options = ClassifierOptions {
            device: self.device.resolve()?,
            precision: self.precision,
            batch_size: self.batch_size,
            max_seq_length: self.max_seq_length,
            long_texts: self.long_texts(),
        };
        if let Some(threads) = self.threads {
            set_num_threads(threads);
        }
        let folder = locate_model(&self.model, self.revision.as_deref())?;
        let classifier = Classifier::with_options(folder, options)?;
        if classifier.calibration() != Calibration::default() {
            say(format!("{}: {}", self.model.display(), classifier.calibration()));
        }
        if let Backend::Libtorch { .. } = classifier.backend() {
            say(format!("predictions run on {}", classifier.backend()));
        }
        Ok(classifier)
    }

    fn long_texts(&self) -> LongTexts {
        let (aggregation, max_windows) = (self.aggregation, self.max_windows);
        self.stride.map_or(LongTexts::Truncated, |stride| LongTexts::Windows {
            stride,
            max_windows,
            aggregation,
        })
    }
}
