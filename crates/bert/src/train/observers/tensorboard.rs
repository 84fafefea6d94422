//! TensorBoard's event files.

mod messages;
mod record;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use prost::Message;
use serde::Serialize;
use serde_json::Value as Json;

use self::messages::{
    Experiment, HParam, HParamInfo, HParamsPluginData, MetricInfo, MetricName, SessionEndInfo,
    SessionLog, SessionStartInfo, Summary, Value,
};
use crate::Result;
use crate::error::Context;
use crate::files::EVENTS_EXTENSION;
use crate::train::{Control, Evaluation, Event, Observer, Outcome, Scores, StopReason, TrainState};

/// Writes scalars, the report's text and the hyper-parameters to a folder that `tensorboard --logdir`
/// reads.
///
/// | tag | when | what |
/// | --- | --- | --- |
/// | `train/loss`, `train/grad_norm`, `train/learning_rate` | each logged step | as in `log.jsonl` |
/// | `train/epoch_loss` | each epoch | mean of the steps' losses, by rows |
/// | `eval/loss`, `eval/accuracy`, `eval/macro_f1`, `eval/weighted_f1` | each evaluation | classification |
/// | `eval/loss`, `eval/mean_squared_error`, `eval/mean_absolute_error`, `eval/r2`, `eval/pearson_r` | each evaluation | regression |
/// | `eval/report` | each evaluation | the report as text |
///
/// A run that goes on from a checkpoint adds a file, whose steps replace later ones of the files
/// before it.
#[derive(Debug)]
pub struct TensorBoard {
    path: PathBuf,
    file: File,
    hparams: BTreeMap<String, HParam>,
}

impl TensorBoard {
    /// Starts an event file in `folder`, which is made if it is not there. `settings` serialises to
    /// an object; its numbers, strings and booleans are shown as hyper-parameters.
    ///
    /// # Errors
    /// [`crate::Error::Io`]; [`crate::Error::Json`] for settings that do not serialise.
    pub fn create(folder: impl AsRef<Path>, settings: &impl Serialize) -> Result<Self> {
        let folder = folder.as_ref();
        fs::create_dir_all(folder).at(folder)?;
        let hparams = hparams(serde_json::to_value(settings).at(folder)?);
        let (path, file) = new_file(folder)?;
        let mut board = Self { path, file, hparams };
        let version = Some("brain.Event:2".to_owned());
        board.write(messages::Event { file_version: version, ..now(0) })?;
        Ok(board)
    }

    fn write(&mut self, event: messages::Event) -> Result<()> {
        self.file.write_all(&record::framed(&event.encode_to_vec())).at(&self.path)
    }

    fn write_values(&mut self, step: u64, value: Vec<Value>) -> Result<()> {
        self.write(messages::Event { summary: Some(Summary { value }), ..now(step) })
    }

    /// The first events: where the steps go on, and the hyper-parameters.
    fn begin(&mut self, step: u64) -> Result<()> {
        let session_log = Some(SessionLog { status: SessionLog::START });
        self.write(messages::Event { session_log, ..now(step + 1) })?; // replaces steps from there on
        let seconds = now(step).wall_time;
        let info = |(name, value): (&String, &HParam)| HParamInfo {
            name: name.clone(),
            kind: value.data_type(),
        };
        let metric = |tag: &str| MetricInfo { name: Some(MetricName { tag: tag.to_owned() }) };
        let experiment = Experiment {
            time_created_secs: seconds,
            hparam_infos: self.hparams.iter().map(info).collect(),
            metric_infos: ["eval/loss", "eval/accuracy", "eval/macro_f1"].map(metric).into(),
        };
        let start = SessionStartInfo { hparams: self.hparams.clone(), start_time_secs: seconds };
        let experiment = HParamsPluginData { experiment: Some(experiment), ..Default::default() };
        let start = HParamsPluginData { session_start_info: Some(start), ..Default::default() };
        self.write_values(
            step,
            vec![
                Value::hparams("_hparams_/experiment", &experiment),
                Value::hparams("_hparams_/session_start_info", &start),
            ],
        )
    }

    fn end(&mut self, outcome: &Outcome) -> Result<()> {
        const SUCCESS: i32 = 1;
        const UNKNOWN: i32 = 0;
        let completed = outcome.reason != StopReason::Stopped;
        let end = SessionEndInfo {
            status: if completed { SUCCESS } else { UNKNOWN },
            end_time_secs: now(0).wall_time,
        };
        let end = HParamsPluginData { session_end_info: Some(end), ..Default::default() };
        let step = outcome.state.step;
        self.write_values(step, vec![Value::hparams("_hparams_/session_end_info", &end)])?;
        self.file.sync_all().at(&self.path)
    }
}

impl Observer for TensorBoard {
    fn on_event(&mut self, event: &Event<'_>, state: &TrainState) -> Result<Control> {
        match event {
            Event::TrainBegin => self.begin(state.step)?,
            Event::Step { loss, grad_norm, learning_rate } => self.write_values(
                state.step,
                vec![
                    Value::scalar("train/loss", *loss),
                    Value::scalar("train/grad_norm", *grad_norm),
                    Value::scalar("train/learning_rate", *learning_rate),
                ],
            )?,
            Event::EpochEnd { mean_loss, .. } => {
                self.write_values(state.step, vec![Value::scalar("train/epoch_loss", *mean_loss)])?;
            }
            Event::Evaluated { evaluation } => self.write_values(state.step, values(evaluation))?,
            Event::TrainEnd { outcome } => self.end(outcome)?,
            _ => {}
        }
        Ok(Control::Continue)
    }
}

/// The numbers and the text of an evaluation.
fn values(evaluation: &Evaluation) -> Vec<Value> {
    let mut values = vec![Value::scalar("eval/loss", evaluation.eval_loss)];
    match &evaluation.report {
        Scores::Classification(report) => {
            values.extend(evaluation.accuracy.map(|share| Value::scalar("eval/accuracy", share)));
            values.push(Value::scalar("eval/macro_f1", report.macro_avg.f1_score));
            values.push(Value::scalar("eval/weighted_f1", report.weighted_avg.f1_score));
        }
        Scores::Regression(report) => values.extend([
            Value::scalar("eval/mean_squared_error", report.mean_squared_error),
            Value::scalar("eval/mean_absolute_error", report.mean_absolute_error),
            Value::scalar("eval/r2", report.r2),
            Value::scalar("eval/pearson_r", report.pearson_r),
        ]),
    }
    // Indented by four, Markdown shows a text as it is, whatever the labels hold.
    let lines = evaluation.to_string();
    let text: Vec<String> = lines.lines().map(|line| format!("    {line}")).collect();
    values.push(Value::text("eval/report", &text.join("\n")));
    values
}

/// The settings' scalars by name.
fn hparams(settings: Json) -> BTreeMap<String, HParam> {
    let Json::Object(settings) = settings else { return BTreeMap::new() };
    let scalar = |value: Json| match value {
        Json::Bool(value) => Some(HParam { boolean: Some(value), ..HParam::default() }),
        Json::Number(value) => Some(HParam { number: value.as_f64(), ..HParam::default() }),
        Json::String(value) => Some(HParam { text: Some(value), ..HParam::default() }),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    };
    settings.into_iter().filter_map(|(name, value)| Some((name, scalar(value)?))).collect()
}

/// An empty event at that step.
fn now(step: u64) -> messages::Event {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    messages::Event { wall_time: seconds, step: step as i64, ..messages::Event::default() }
}

/// A file that sorts after those before it: TensorBoard reads a folder's files in the order of their
/// names, and the clock may have gone back.
fn new_file(folder: &Path) -> Result<(PathBuf, File)> {
    let mut last = 0;
    for entry in fs::read_dir(folder).at(folder)? {
        let name = entry.at(folder)?.file_name();
        let stamp = name.to_str().and_then(|name| name.strip_prefix("events.out.tfevents."));
        let stamp = stamp.and_then(|rest| rest.split('.').next()?.parse::<u64>().ok());
        last = last.max(stamp.map_or(0, |stamp| stamp + 1));
    }
    let stamp = (now(0).wall_time as u64).max(last);
    let path = folder.join(format!("events.out.tfevents.{stamp:012}.{EVENTS_EXTENSION}"));
    let file = File::create_new(&path).at(&path)?;
    Ok((path, file))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::RegressionReport;

    #[test]
    fn a_second_file_sorts_after_the_first_even_if_the_clock_went_back() {
        let folder = tempfile::tempdir().unwrap();
        let late = folder.path().join("events.out.tfevents.009999999999.tunewise");
        fs::write(&late, "").unwrap();
        let board = TensorBoard::create(folder.path(), &serde_json::json!({ "seed": 1 })).unwrap();
        let name = board.path.file_name().unwrap().to_str().unwrap().to_owned();
        assert_eq!(name, "events.out.tfevents.010000000000.tunewise");
    }

    #[test]
    fn an_evaluation_of_a_regression_has_its_own_numbers() {
        let report = RegressionReport {
            mean_squared_error: 0.25,
            mean_absolute_error: 0.5,
            r2: 0.75,
            pearson_r: 0.9,
        };
        let evaluation = Evaluation {
            eval_loss: 0.25,
            rows: 4,
            accuracy: None,
            mcc: None,
            report: Scores::Regression(report),
        };
        let tags: Vec<String> = values(&evaluation).into_iter().map(|value| value.tag).collect();
        assert_eq!(tags.first().map(String::as_str), Some("eval/loss"));
        assert!(
            tags.contains(&"eval/r2".to_owned()) && !tags.contains(&"eval/accuracy".to_owned())
        );
        assert_eq!(tags.last().map(String::as_str), Some("eval/report"));
    }

    #[test]
    fn settings_keep_their_type_and_what_is_no_scalar_is_left_out() {
        let settings = serde_json::json!({ "a": 1.5, "b": "x", "c": true, "d": null, "e": [1] });
        let kinds: Vec<(String, i32)> = hparams(settings)
            .iter()
            .map(|(name, value)| (name.clone(), value.data_type()))
            .collect();
        assert_eq!(kinds, [("a".to_owned(), 3), ("b".to_owned(), 1), ("c".to_owned(), 2)]);
    }
}
