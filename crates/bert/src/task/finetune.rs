//! The main job.

use std::rc::Rc;
use std::time::Instant;

use tunewise_torch::ProcessGroup;

use super::config::FinetuneConfig;
use super::fingerprint::Fingerprint;
use super::follow::{follow, trainer};
use super::herald::Herald;
use super::inputs::Part;
use super::kept::Kept;
use super::meeting::meet;
use super::notice::Notice;
use super::outputs::{Final, Metrics};
use super::prepare::Prepared;
use super::run_clock::{RunClock, Spent};
use super::run_record::{Measured, RunRecord};
use super::saved_run::Resumed;
use super::saver::Saver;
use crate::files::{self, OutputFolder};
use crate::train::{
    Evaluation, History, LogFile, MetricForBestModel, Observer, Outcome, StopReason, predict,
};
use crate::{Error, Precision, PretrainedWriter, Result};

/// What a run came to.
#[derive(Debug)]
pub struct Finetuned {
    /// How training ended.
    pub outcome: Outcome,
    /// What the best weights are best in.
    pub metric_for_best_model: MetricForBestModel,
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
/// `metrics.json`, `report.txt`, `predictions.csv`, `run.json` and two pictures. Adapters are merged in
/// the checkpoint, and by themselves in `adapter/`, in PEFT's layout.
///
/// `tell` hears what is worth knowing of the input; `observers` listen to training. All input is read
/// and checked before the output folder is touched. A run that an observer stops leaves its
/// checkpoint, its log and `run.json`, and is not measured. With `resume` the run goes on from the
/// newest whole checkpoint of the output folder and then is, bit for bit, the one that was never
/// interrupted.
///
/// # Errors
/// [`crate::Error::Setting`] for the configuration; [`crate::Error::Data`] for the files; the errors
/// of [`crate::Checkpoint::open`] and [`crate::BertClassifier::from_checkpoint`] for the checkpoint;
/// [`crate::Error::NothingToResume`] and [`crate::Error::ResumeMismatch`] for a run that cannot be
/// resumed; [`crate::Error::OutputNotEmpty`] and [`crate::Error::Io`] for the output folder; those of
/// [`Trainer::fit`](crate::train::Trainer::fit).
pub fn finetune(
    config: &FinetuneConfig,
    tell: &mut dyn FnMut(&Notice),
    observers: Vec<&mut dyn Observer>,
) -> Result<Finetuned> {
    run(config, None, tell, observers)
}

/// [`finetune`] as one process of a group: each calls this with the same settings and sees the same
/// files, the output folder too if the run is resumed. The first process alone writes, and alone has a
/// report. A step takes `gradient_accumulation_steps` micro-batches of `per_device_train_batch_size`
/// rows from every process.
///
/// # Errors
/// Those of [`finetune`]; [`crate::Error::RanksDiffer`] for processes that were not started for the
/// same run; [`crate::Error::Shim`] when one is gone or does not answer within the group's timeout.
pub fn finetune_in_group(
    config: &FinetuneConfig,
    group: Rc<ProcessGroup>,
    tell: &mut dyn FnMut(&Notice),
    observers: Vec<&mut dyn Observer>,
) -> Result<Finetuned> {
    run(config, Some(group), tell, observers)
}

fn run(
    config: &FinetuneConfig,
    group: Option<Rc<ProcessGroup>>,
    tell: &mut dyn FnMut(&Notice),
    observers: Vec<&mut dyn Observer>,
) -> Result<Finetuned> {
    let begin = Instant::now();
    config.validate()?;
    let config = &*config.with_student();
    let resumed = Resumed::find(config, tell)?;
    let replaceable = config.replaceable();
    let leads = group.as_ref().is_none_or(|group| group.rank() == 0);
    if leads && resumed.is_none() {
        OutputFolder::check(&config.output_dir, replaceable)?;
    }
    refuse_own_checkpoint(config)?;
    if let Some(threads) = config.threads {
        tch::set_num_threads(i32::try_from(threads).unwrap_or(i32::MAX));
    }
    let mut run = Prepared::new(config, resumed.as_ref().and_then(Resumed::model_commit), tell)?;
    let processes = group.as_ref().map_or(1, |group| group.world_size());
    let fingerprint = Fingerprint::new(config, &run, processes)?;
    let resumed = resumed.as_ref();
    if let Some(resumed) = resumed {
        resumed.check(&fingerprint, tell)?;
    }
    if let Some(group) = &group {
        // From here on no process looks for checkpoints any more.
        meet(group, &fingerprint, resumed.map(|resumed| resumed.saved.state.step))?;
    }
    if !leads {
        return follow(config, &mut run, (begin, resumed, group), observers);
    }
    let folder = match resumed {
        Some(resumed) => resumed.enter(&config.output_dir)?,
        None => OutputFolder::create(&config.output_dir, replaceable)?,
    };

    let job = Job { config, folder: &folder, fingerprint: &fingerprint, resumed, group, begin };
    let Trained { outcome, clock, history } = job.train(&mut run, tell, observers)?;
    if !history.is_empty() {
        files::write(&folder.join("loss_curve.svg"), history.loss_curve()?.as_bytes())?;
    }
    let report = match outcome.reason {
        StopReason::Stopped => None,
        _ => Some(job.report(&run, &history)?),
    };
    let record = RunRecord::new(config, &run.model, measured(&run, &outcome, clock.spent()));
    files::write_json(&folder.join("run.json"), &record)?;
    Ok(Finetuned::new(config, &run, outcome, (report, record)))
}

impl Finetuned {
    pub(super) fn new(
        config: &FinetuneConfig,
        run: &Prepared,
        outcome: Outcome,
        (report, record): (Option<Report>, RunRecord),
    ) -> Self {
        let metric = MetricForBestModel::default_of(run.model.config().problem());
        let metric_for_best_model = config.metric_for_best_model.unwrap_or(metric);
        Self { outcome, metric_for_best_model, report, record }
    }
}

/// What the record needs of a run.
pub(super) fn measured<'a>(run: &'a Prepared, outcome: &'a Outcome, spent: Spent) -> Measured<'a> {
    Measured {
        texts: &run.train.texts,
        outcome,
        spent,
        data_hash: run.data_hash.clone(),
        model_commit: run.model_commit.clone(),
    }
}

/// The output folder is cleared of an earlier run's files: it must not be the checkpoint's own.
fn refuse_own_checkpoint(config: &FinetuneConfig) -> Result<()> {
    let output = config.output_dir.canonicalize().ok();
    let teacher = config.distil_from.as_ref();
    let mut read = teacher.into_iter().chain([&config.model_name_or_path]);
    if output.is_some() && read.any(|folder| output == folder.canonicalize().ok()) {
        let got = config.output_dir.display().to_string();
        let expected = "another folder than the checkpoint's".to_owned();
        return Err(Error::Setting { name: "output_dir", got, expected });
    }
    Ok(())
}

/// Tells which lines a run broke off at, and where the state before it is.
fn broken_off(error: &Error, train: &Part, saver: &Saver<'_>, tell: &mut dyn FnMut(&Notice)) {
    if let (Error::Shim(tunewise_torch::Error::Group { .. }), Some(path)) = (error, &saver.last) {
        tell(&Notice::LastCheckpoint { path: path.clone() });
    }
    let (Error::LossNotFinite { rows, .. } | Error::GradientNotFinite { rows, .. }) = error else {
        return;
    };
    if let Some(path) = saver.last.clone() {
        let examples = rows.iter().filter_map(|&row| train.dataset.examples().get(row));
        let lines = examples.map(|example| example.line).collect();
        tell(&Notice::BrokenOff { path, source: train.dataset.source().to_owned(), lines });
    }
}

/// A run under way.
struct Job<'a> {
    config: &'a FinetuneConfig,
    folder: &'a OutputFolder,
    fingerprint: &'a Fingerprint,
    /// The checkpoint to go on from, if there is one.
    resumed: Option<&'a Resumed>,
    group: Option<Rc<ProcessGroup>>,
    begin: Instant,
}

/// What training came to.
struct Trained {
    outcome: Outcome,
    clock: RunClock,
    history: History,
}

impl Job<'_> {
    /// Trains, from the checkpoint if there is one to go on from.
    fn train(
        &self,
        run: &mut Prepared,
        tell: &mut dyn FnMut(&Notice),
        observers: Vec<&mut dyn Observer>,
    ) -> Result<Trained> {
        let mut log = self.log()?;
        #[cfg(feature = "tensorboard")]
        let mut board = {
            let folder = self.folder.join(files::EVENTS_FOLDER);
            crate::train::TensorBoard::create(folder, self.config)?
        };
        let mut saver = self.saver(&run.writer, run.tokenizing_seconds);
        let train = run.train.source(&run.tokenizer, run.max_seq_length);
        let valid =
            run.validation.as_ref().map(|part| part.source(&run.tokenizer, run.max_seq_length));
        if let Some(resumed) = self.resumed {
            saver.kept.resume(&resumed.path, &mut run.model)?;
        }
        let models = (&mut run.model, run.teacher.as_ref());
        let mut trainer = trainer(self.config, models, self.resumed, self.group.clone())?;
        tell(&Notice::Engine { choice: trainer.engine().clone() });
        let mut herald = Herald { tell: &mut *tell };
        trainer = trainer.observe(&mut log).observe(&mut saver).observe(&mut herald);
        #[cfg(feature = "tensorboard")]
        {
            trainer = trainer.observe(&mut board);
        }
        for observer in observers {
            trainer = trainer.observe(observer);
        }
        let outcome = trainer.fit(&train, valid.as_ref());
        drop(trainer);
        let outcome = outcome.inspect_err(|error| broken_off(error, &run.train, &saver, tell))?;
        if outcome.state.skipped_steps > 0 {
            tell(&Notice::SkippedSteps { steps: outcome.state.skipped_steps });
        }
        if outcome.state.best.is_some() {
            saver.kept.recall(&mut run.model)?;
        } else {
            saver.kept.write(&run.model)?;
        }
        Ok(Trained { outcome, clock: saver.clock, history: saver.history })
    }

    fn log(&self) -> Result<LogFile> {
        let path = self.folder.join("log.jsonl");
        match self.resumed {
            Some(resumed) => LogFile::resume(path, resumed.saved.state.step),
            None => LogFile::create(path),
        }
    }

    fn saver<'a>(&'a self, writer: &'a PretrainedWriter, tokenizing: f64) -> Saver<'a> {
        let saved = self.resumed.map(|resumed| &resumed.saved);
        let before = saved.map(|run| run.spent).unwrap_or_default();
        let base = self.config.model_name_or_path.display().to_string();
        Saver {
            kept: Kept::new(writer, self.folder, base),
            folder: self.folder,
            fingerprint: self.fingerprint,
            save_total_limit: self.config.save_total_limit,
            clock: RunClock::new(self.begin, before, tokenizing),
            history: saved.map(|run| run.history.clone()).unwrap_or_default(),
            last: self.resumed.map(|resumed| resumed.path.clone()),
        }
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
