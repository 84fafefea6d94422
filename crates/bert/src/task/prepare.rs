//! Everything that a run needs, read and checked before the output folder is touched.

use std::time::Instant;

use tunewise_data::{Dataset, ProblemType, Targets, Tokenizer};

use super::config::FinetuneConfig;
use super::distil::Teacher;
use super::inputs::{Files, Labelling, Part, encode};
use super::notice::Notice;
use super::origin::Origin;
use crate::classifier::{check_vocabulary, fitting_length};
use crate::model::weights;
use crate::pretrained::{PretrainedWriter, Settings};
use crate::{BertClassifier, BertConfig, Checkpoint, Error, Head, LoadReport, Result, files};

/// A run about to start.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) model: BertClassifier,
    pub(super) teacher: Option<Teacher>,
    pub(super) tokenizer: Tokenizer,
    pub(super) max_seq_length: usize,
    pub(super) train: Part,
    pub(super) validation: Option<Part>,
    pub(super) test: Option<Part>,
    pub(super) writer: PretrainedWriter,
    pub(super) tokenizing_seconds: f64,
    pub(super) data_hash: String,
    /// Which commit of a hub's model the run starts from.
    pub(super) model_commit: Option<String>,
    /// SHA-256 of the weights that the adapters, if there are, stand beside.
    pub(super) base_hash: Option<String>,
}

impl Prepared {
    /// `pinned` is the commit of the hub's model that a resumed run began with.
    pub(super) fn new(
        config: &FinetuneConfig,
        pinned: Option<&str>,
        tell: &mut dyn FnMut(&Notice),
    ) -> Result<Self> {
        let device = config.device.resolve()?;
        let input = Files::read(config, tell)?;
        let teacher = Teacher::load(config, device)?;
        let taught = teacher.as_ref().map(|teacher| teacher.model.config());
        check_metric(config, taught.map_or(input.problem(), BertConfig::problem))?;
        let Origin { folder, commit: model_commit } = Origin::locate(config, pinned, tell)?;
        let folder = folder.as_path();
        let tokenizer = Tokenizer::from_dir(folder)?;
        let mut checkpoint = Checkpoint::open(folder)?;
        config.cut(&mut checkpoint, tell)?;
        let labelling = match taught {
            Some(taught) => Labelling::of_teacher(taught, &checkpoint, config.seed)?,
            None => Labelling::choose(&input, &checkpoint, config.seed)?,
        };
        let mut of_labels = checkpoint.config().clone();
        labelling.head.configure(&mut of_labels);
        let (mut model, loaded) = match config.random_student(&of_labels)? {
            None => BertClassifier::from_checkpoint(checkpoint, &labelling.head, device)?,
            Some(student) => {
                (BertClassifier::new(student, device, config.seed)?, LoadReport::default())
            }
        };
        let fresh = fresh_pooler(&loaded);
        tell_loaded(&labelling, loaded, tell);
        if !config.freeze.is_empty() {
            let tensors = model.freeze(&config.freeze)?;
            tell(&Notice::Frozen { tensors });
        }
        if let Some(peft) = config.peft_config(&fresh)? {
            model.apply(&peft)?;
            let (parameters, trainable) = (model.num_parameters(), model.num_trainable());
            tell(&Notice::Trainable { parameters, trainable });
        }
        let base_hash = model.is_adapted().then(|| weights::sha256(folder)).transpose()?;
        let max_seq_length =
            fitting_length(model.config(), &tokenizer, Some(config.max_seq_length))?;

        let mut part = |dataset: Dataset| -> Result<Part> {
            let targets = labelling.targets(&dataset, config.learns_without_labels())?;
            let texts = encode(&dataset, &tokenizer, max_seq_length, tell)?;
            check_vocabulary(model.config(), texts.max_id())?;
            Ok(Part { dataset, targets, texts })
        };
        let tokenizing = Instant::now();
        let train = part(input.train)?;
        let tokenizing_seconds = tokenizing.elapsed().as_secs_f64();
        let validation = input.validation.map(&mut part).transpose()?;
        let test = input.test.map(&mut part).transpose()?;
        if validation.is_none() && test.is_none() && matches!(train.targets, Targets::None) {
            return Err(no_labels());
        }
        if let Some(teacher) = &teacher {
            teacher.check(config, model.config())?;
            teacher.check_reads(folder, &train.dataset, (&train.texts, max_seq_length))?;
            let (of, parameters) = (teacher.model.num_parameters(), model.num_parameters());
            tell(&Notice::Student { parameters, of });
        }

        let settings = Settings { max_seq_length: Some(max_seq_length), ..Settings::default() };
        let writer = PretrainedWriter::new(tokenizer.clone(), folder, settings)?;
        let data_hash = files::sha256(&config.train_file)?.0;
        Ok(Self {
            model,
            teacher,
            tokenizer,
            max_seq_length,
            train,
            validation,
            test,
            writer,
            tokenizing_seconds,
            data_hash,
            model_commit,
            base_hash,
        })
    }

    /// The rows that the final report is of, and what they are called.
    pub(super) fn reported(&self) -> (&'static str, &Part) {
        match (&self.test, &self.validation) {
            (Some(test), _) => ("test", test),
            (None, Some(validation)) => ("validation", validation),
            (None, None) => ("train", &self.train),
        }
    }
}

/// Not every problem has every metric; better said now than after the first epoch.
fn check_metric(config: &FinetuneConfig, problem: ProblemType) -> Result<()> {
    match config.metric_for_best_model {
        Some(metric) if !metric.is_of(problem) => Err(metric.not_for(problem)),
        _ => Ok(()),
    }
}

/// A run must be able to say what it is worth.
fn no_labels() -> Error {
    Error::Setting {
        name: "validation_file",
        got: "missing".to_owned(),
        expected: "rows with labels, or a test_file, since the training rows have none".to_owned(),
    }
}

/// The pooler, if the checkpoint has none.
fn fresh_pooler(loaded: &LoadReport) -> Vec<String> {
    let is_fresh = loaded.fresh.iter().any(|name| name.starts_with("bert.pooler."));
    is_fresh.then(|| "pooler".to_owned()).into_iter().collect()
}

fn tell_loaded(labelling: &Labelling, loaded: LoadReport, tell: &mut dyn FnMut(&Notice)) {
    if let Head::Fresh { id2label, .. } = &labelling.head {
        tell(&Notice::NewHead { labels: id2label.clone() });
    }
    let names: Vec<String> =
        loaded.fresh.into_iter().filter(|name| !labelling.head.starts_fresh(name)).collect();
    if !names.is_empty() {
        tell(&Notice::FreshTensors { names });
    }
    if loaded.widened > 0 {
        tell(&Notice::Widened { tensors: loaded.widened });
    }
}
