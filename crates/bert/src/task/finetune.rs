//! The main job.

use std::time::Instant;

use super::config::FinetuneConfig;
use super::notice::Notice;
use super::outputs::{Final, Metrics};
use super::prepare::Prepared;
use super::run_record::{Measured, RunRecord};
use super::saver::Saver;
use crate::files::{self, OutputFolder};
use crate::train::{
    Evaluation, History, LogFile, Observer, Outcome, StopReason, Stopwatch, Trainer, predict,
};
use crate::{Error, Precision, Result};

/// What a run came to.
#[derive(Debug)]
pub struct Finetuned {
    /// How training ended.
    pub outcome: Outcome,
    /// The kept weights measured; absent if the run was stopped.
    pub report: Option<Report>,
    /// What `run.json` holds.
    pub record: RunRecord,
}

/// The final report.
#[derive(Debug)]
pub struct Report {
    /// Which rows it is of: `test`, `validation` or, without either, `train`.
    pub split: &'static str,
    /// The kept weights measured on those rows.
    pub evaluation: Evaluation,
}

/// Fine-tunes a checkpoint on files and writes the output folder: the best checkpoint, `log.jsonl`,
/// `metrics.json`, `report.txt`, `predictions.csv`, `run.json` and two pictures.
///
/// `tell` hears what is worth knowing of the input; `observers` listen to training. All input is read
/// and checked before the output folder is touched. A run that an observer stops leaves its
/// checkpoint, its log and `run.json`, and is not measured.
///
/// # Errors
/// [`crate::Error::Setting`] for the configuration; [`crate::Error::Data`] for the files; the errors
/// of [`crate::Checkpoint::open`] and [`crate::BertClassifier::from_checkpoint`] for the checkpoint;
/// [`crate::Error::OutputNotEmpty`] and [`crate::Error::Io`] for the output folder; those of
/// [`Trainer::fit`].
pub fn finetune(
    config: &FinetuneConfig,
    tell: &mut dyn FnMut(&Notice),
    observers: Vec<&mut dyn Observer>,
) -> Result<Finetuned> {
    let begin = Instant::now();
    config.validate()?;
    OutputFolder::check(&config.output_dir, config.overwrite_output_dir)?;
    refuse_own_checkpoint(config)?;
    if let Some(threads) = config.threads {
        tch::set_num_threads(i32::try_from(threads).unwrap_or(i32::MAX));
    }
    let mut run = Prepared::new(config, tell)?;
    let folder = OutputFolder::create(&config.output_dir, config.overwrite_output_dir)?;

    let job = Job { config, folder: &folder };
    let mut history = History::default();
    let (outcome, training_seconds) = job.train(&mut run, &mut history, observers)?;
    if outcome.state.best.is_some() {
        run.model.restore(folder.path())?;
    } else {
        run.writer.write(folder.path(), &run.model)?;
    }
    if outcome.state.step > 0 {
        files::write(&folder.join("loss_curve.svg"), history.loss_curve()?.as_bytes())?;
    }
    let report = match outcome.reason {
        StopReason::Completed => Some(job.report(&run, &history)?),
        StopReason::Stopped => None,
    };
    let measured = Measured {
        texts: &run.train.texts,
        outcome: &outcome,
        training_seconds: training_seconds + run.tokenizing_seconds,
        total_seconds: begin.elapsed().as_secs_f64(),
        data_hash: run.data_hash.clone(),
    };
    let record = RunRecord::new(config, &run.model, measured);
    files::write_json(&folder.join("run.json"), &record)?;
    Ok(Finetuned { outcome, report, record })
}

/// The output folder is cleared of an earlier run's files: it must not be the checkpoint's own.
fn refuse_own_checkpoint(config: &FinetuneConfig) -> Result<()> {
    let output = config.output_dir.canonicalize().ok();
    if output.is_some() && output == config.model_name_or_path.canonicalize().ok() {
        let got = config.output_dir.display().to_string();
        let expected = "another folder than the checkpoint's".to_owned();
        return Err(Error::Setting { name: "output_dir", got, expected });
    }
    Ok(())
}

/// A run under way.
struct Job<'a> {
    config: &'a FinetuneConfig,
    folder: &'a OutputFolder,
}

impl Job<'_> {
    /// Trains; the outcome and the seconds of the steps.
    fn train(
        &self,
        run: &mut Prepared,
        history: &mut History,
        observers: Vec<&mut dyn Observer>,
    ) -> Result<(Outcome, f64)> {
        let mut stopwatch = Stopwatch::default();
        let mut log = LogFile::create(self.folder.join("log.jsonl"))?;
        #[cfg(feature = "tensorboard")]
        let mut board = {
            let folder = self.folder.join(files::EVENTS_FOLDER);
            crate::train::TensorBoard::create(folder, self.config)?
        };
        let mut saver = Saver { writer: &run.writer, folder: self.folder };
        let train = run.train.source(&run.tokenizer, run.max_seq_length);
        let valid =
            run.validation.as_ref().map(|part| part.source(&run.tokenizer, run.max_seq_length));
        let mut trainer = Trainer::new(&mut run.model, self.config.train_config())?
            .observe(&mut stopwatch)
            .observe(history)
            .observe(&mut log)
            .observe(&mut saver);
        #[cfg(feature = "tensorboard")]
        {
            trainer = trainer.observe(&mut board);
        }
        for observer in observers {
            trainer = trainer.observe(observer);
        }
        let outcome = trainer.fit(&train, valid.as_ref())?;
        Ok((outcome, stopwatch.seconds()))
    }

    /// Measures the kept weights on the reported rows and writes what that gives.
    fn report(&self, run: &Prepared, history: &History) -> Result<Report> {
        let (split, part) = run.reported();
        let source = part.source(&run.tokenizer, run.max_seq_length);
        let batch_size = self.config.per_device_eval_batch_size;
        let predictions = predict(&run.model, &source, batch_size, Precision::Fp32)?;
        let id2label = &run.model.config().id2label;
        let evaluation = Evaluation::new(&predictions, &part.targets, id2label)?;
        let rows = Final {
            dataset: &part.dataset,
            targets: &part.targets,
            predictions: &predictions,
            id2label,
        };
        rows.write_predictions(&self.folder.join("predictions.csv"))?;
        if let Some(picture) = rows.confusion_matrix()? {
            files::write(&self.folder.join("confusion_matrix.svg"), picture.as_bytes())?;
        }
        files::write(&self.folder.join("report.txt"), evaluation.to_string().as_bytes())?;
        let metrics = Metrics { epochs: history.epochs(), final_split: split, last: &evaluation };
        files::write_json(&self.folder.join("metrics.json"), &metrics)?;
        Ok(Report { split, evaluation })
    }
}
