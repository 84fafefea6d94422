//! One base, many adapters.

use std::collections::BTreeMap;
use std::path::Path;

use tunewise_data::{ProblemType, Tokenizer};

use crate::engine::Fallback;
use crate::error::Context;
use crate::files::ADAPTER_WEIGHTS;
use crate::pretrained::Settings;
use crate::{
    BertClassifier, Checkpoint, Classifier, ClassifierOptions, Error, Head, Prediction, Result,
};

/// A base model with named adapters: each predicts for itself, and all share the base's weights.
///
/// An adapter is a folder in PEFT's layout, such as `adapter/` of a `finetune` run, and takes the memory
/// of its file. The base may be a checkpoint without a head. Predictions run on libtorch, the adapters
/// beside the base. For prediction from many threads, [`AdapterClassifier::take`] an adapter and
/// [`Classifier::share`] it: it goes on sharing the base.
///
/// ```
/// # fn main() -> tunewise_bert::Result<()> {
/// # let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
/// use tunewise_bert::{AdapterClassifier, ClassifierOptions};
///
/// let mut tenants = AdapterClassifier::new(format!("{fixtures}/single_label"), ClassifierOptions::default())?;
/// tenants.add("a", format!("{fixtures}/peft/lora"))?;
/// tenants.add("b", format!("{fixtures}/peft/rslora"))?;
/// let predictions = tenants.predict_with("b", &["good price, fast delivery"])?;
/// assert_eq!(predictions.len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct AdapterClassifier {
    base: BertClassifier,
    tokenizer: Tokenizer,
    settings: Settings,
    options: ClassifierOptions,
    adapters: BTreeMap<String, Tenant>,
}

/// An adapter on the base.
#[derive(Debug)]
struct Tenant {
    classifier: Classifier,
    file_size: u64,
}

impl AdapterClassifier {
    /// Loads the base.
    ///
    /// # Errors
    /// Those of [`Classifier::with_options`], but for a head that is missing.
    pub fn new(base: impl AsRef<Path>, options: ClassifierOptions) -> Result<Self> {
        let dir = base.as_ref();
        let checkpoint = Checkpoint::open(dir)?;
        let (tokenizer, settings) = (Tokenizer::from_dir(dir)?, Settings::from_dir(dir)?);
        let head = match checkpoint.labels() {
            Some(_) => Head::Kept,
            None => Head::Fresh {
                id2label: vec!["LABEL_0".to_owned()],
                problem_type: ProblemType::SingleLabelClassification,
                seed: 0,
            },
        };
        let (base, _) = BertClassifier::from_checkpoint(checkpoint, &head, options.device)?;
        Ok(Self { base, tokenizer, settings, options, adapters: BTreeMap::new() })
    }

    /// Loads an adapter, under a name that is then its; an earlier one of that name is replaced.
    ///
    /// # Errors
    /// Those of [`BertClassifier::with_adapter`] and, for options, of [`Classifier::with_options`]; the
    /// adapters are then as they were.
    pub fn add(&mut self, name: impl Into<String>, dir: impl AsRef<Path>) -> Result<()> {
        let dir = dir.as_ref();
        let model = self.base.with_adapter(dir)?;
        let mut settings = Settings::from_dir(dir)?;
        settings.max_seq_length = settings.max_seq_length.or(self.settings.max_seq_length);
        let (tokenizer, how) = (self.tokenizer.clone(), (self.options, Fallback::Adapter));
        let classifier = Classifier::of_model(model, tokenizer, &settings, how)?;
        let weights = dir.join(ADAPTER_WEIGHTS);
        let file_size = std::fs::metadata(&weights).at(&weights)?.len();
        self.adapters.insert(name.into(), Tenant { classifier, file_size });
        Ok(())
    }

    /// Gives an adapter away, with its handle on the base.
    pub fn take(&mut self, name: &str) -> Option<Classifier> {
        self.adapters.remove(name).map(|tenant| tenant.classifier)
    }

    /// The adapters' names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.adapters.keys().map(String::as_str)
    }

    /// An adapter as a classifier.
    ///
    /// # Errors
    /// [`Error::Setting`] for a name that no adapter has.
    pub fn adapter(&self, name: &str) -> Result<&Classifier> {
        Ok(&self.tenant(name)?.classifier)
    }

    /// Bytes of the file that an adapter was loaded from, which is about what it adds to the memory of
    /// the base.
    ///
    /// # Errors
    /// [`Error::Setting`] for a name that no adapter has.
    pub fn file_size(&self, name: &str) -> Result<u64> {
        Ok(self.tenant(name)?.file_size)
    }

    fn tenant(&self, name: &str) -> Result<&Tenant> {
        self.adapters.get(name).ok_or_else(|| Error::Setting {
            name: "adapter",
            got: name.to_owned(),
            expected: match self.adapters.is_empty() {
                true => "one that was added, of which there are none".to_owned(),
                false => self.names().collect::<Vec<_>>().join(", "),
            },
        })
    }

    /// Predicts texts in order with the adapter of that name.
    ///
    /// # Errors
    /// Those of [`AdapterClassifier::adapter`] and [`Classifier::predict`].
    pub fn predict_with<S: AsRef<str>>(&self, name: &str, texts: &[S]) -> Result<Vec<Prediction>> {
        self.adapter(name)?.predict(texts)
    }
}
