//! Fine-tunes pilots.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use tunewise_plan::{Measured, Pilot, PilotRunner};

use super::notice::PlanNotice;
use super::rows::{Rows, write_rows};
use crate::error::Context;
use crate::task::{FinetuneConfig, Notice, finetune};
use crate::train::{Cadence, MetricForBestModel, Observer, StopReason};
use crate::{Error, Result, files};

/// Runs pilots in a folder of their own, which is removed when they are done; a run that was stopped or
/// killed goes on from its checkpoint.
pub(super) struct Runner<'a, 'o, 't> {
    pub(super) base: &'a FinetuneConfig,
    pub(super) rows: &'a Rows,
    pub(super) metric: MetricForBestModel,
    /// The checkpoints, in the order of the pilots' numbers.
    pub(super) models: Vec<PathBuf>,
    /// Where runs are.
    pub(super) folder: PathBuf,
    /// Whether a run of this process has told what it finds of data and checkpoint.
    pub(super) heard: bool,
    pub(super) tell: &'a RefCell<&'t mut dyn FnMut(&PlanNotice)>,
    pub(super) observers: &'a mut [&'o mut dyn Observer],
}

impl PilotRunner for Runner<'_, '_, '_> {
    type Error = Error;

    fn run(&mut self, pilot: &Pilot, rows: &[usize]) -> Result<Option<Measured>> {
        let folder = self.folder.join(format!("pilot-{}", pilot.number));
        std::fs::create_dir_all(&folder).at(&folder)?;
        let config = self.config(pilot, &folder)?;
        let all = self.rows.train.examples();
        write_rows(rows.iter().filter_map(|&row| all.get(row)), &config.train_file)?;
        let heard = std::mem::replace(&mut self.heard, true);
        let tell = self.tell;
        let mut note = |notice: &Notice| {
            if !heard && *notice != Notice::NothingToResume {
                (tell.borrow_mut())(&PlanNotice::Run(notice.clone()));
            }
        };
        let observers =
            self.observers.iter_mut().map(|it| &mut **it as &mut dyn Observer).collect();
        let done = finetune(&config, &mut note, observers)?;
        if done.outcome.reason == StopReason::Stopped {
            return Ok(None);
        }
        let what = "a run that was not stopped has a report";
        let report = done.report.ok_or(Error::Internal { what })?;
        let quality = report.evaluation.metric(self.metric)?;
        let seconds = done.record.training_seconds;
        (tell.borrow_mut())(&PlanNotice::Measured { metric: self.metric, quality, seconds });
        files::remove_folder(&folder)?;
        Ok(Some(Measured {
            quality,
            training_seconds: seconds,
            trained_rows: done.record.trained_rows,
            trained_tokens: done.record.trained_tokens,
            parameters: done.record.parameters,
        }))
    }
}

impl Runner<'_, '_, '_> {
    fn config(&self, pilot: &Pilot, folder: &Path) -> Result<FinetuneConfig> {
        let what = "every pilot has a model";
        let model = self.models.get(pilot.model).ok_or(Error::Internal { what })?;
        Ok(FinetuneConfig {
            model_name_or_path: model.clone(),
            train_file: folder.join("train.jsonl"),
            validation_file: None,
            validation_split: None,
            // Measured once, at the end: the last weights, as those of the run that is planned for.
            test_file: Some(self.folder.join(VALIDATION)),
            text_column: None,
            text_pair_column: None,
            label_column: None,
            problem_type: Some(self.rows.problem),
            label_separator: None,
            output_dir: folder.join("run"),
            overwrite_output_dir: true,
            resume: true,
            num_train_epochs: pilot.epochs,
            seed: pilot.seed,
            save_steps: Cadence::Never,
            save_total_limit: Some(1),
            metric_for_best_model: None,
            ..self.base.clone()
        })
    }
}

/// The rows that all pilots are measured on, in the runs' folder.
pub(super) const VALIDATION: &str = "validation.jsonl";
