//! The whole job.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use tunewise_plan::{
    Answer, Design, Journal, ModelView, PilotRecord, PilotsEnd, Prices, Question, Schedule, Setting,
};

use super::config::{ModelChoice, PlanConfig};
use super::cut::cut_layers;
use super::notice::PlanNotice;
use super::rows::{Rows, write_rows};
use super::runner::{Runner, VALIDATION};
use crate::error::Context;
use crate::model::weights;
use crate::task::FinetuneConfig;
use crate::train::Observer;
use crate::{Error, Result, files};

/// Where runs are, in the output folder.
const RUNS: &str = "runs";

/// What a plan came to.
#[derive(Debug)]
pub enum Planned {
    /// The answer, which is in the output folder too.
    Answered(Box<Answer>),
    /// A pilot was stopped; the plan can be resumed.
    Stopped {
        /// Pilots done.
        done: usize,
        /// Of how many.
        pilots: usize,
    },
}

/// Runs pilots on growing slices of the training rows, and answers what it takes to reach a quality, or
/// what quality a budget buys.
///
/// A pilot is a run of [`finetune`](crate::task::finetune) with the settings of `base`, measured once, with
/// its last weights, on the validation rows: `base.validation_file`, or `base.validation_split` (0.2) of
/// the training rows by label. `pilots.jsonl` in `base.output_dir` holds the pilots so far, from which
/// the job goes on with `base.resume`; `plan.json`, `report.html` and `scenario.toml` hold the answer.
///
/// # Errors
/// [`Error::Setting`] and [`Error::Plan`] for the settings; [`Error::Data`] for the files; those of
/// [`finetune`](crate::task::finetune).
pub fn plan(
    base: &FinetuneConfig,
    (config, prices): (&PlanConfig, &Prices),
    tell: &mut dyn FnMut(&PlanNotice),
    observers: &mut [&mut dyn Observer],
) -> Result<Planned> {
    config.validate(base)?;
    let rows = Rows::read(base)?;
    let full_rows = config.full_rows.unwrap_or_else(|| {
        let all = rows.train.len() as f64 / config.max_share;
        all.round() as usize
    });
    let design = Design {
        max_share: config.max_share,
        slices: config.slices,
        seeds: config.seeds,
        longer: config.longer,
        seed: base.seed,
        ..Design::new(full_rows)
    };
    let names = names(&config.models);
    let recipe = config.recipe(base);
    let schedule = Schedule::new(&design, &recipe, names.clone(), rows.classes.clone())?;
    let folder = base.output_dir.as_path();
    let fingerprint = fingerprint(base, config, &design)?;
    if base.overwrite_output_dir && !base.resume {
        clear(folder)?;
    }
    let mut journal = Journal::open(folder, fingerprint, base.resume)?;
    let (pilots, done) = (schedule.pilots.len(), journal.records().len());
    let validation_rows = rows.validation.len();
    let pool = schedule.pool.len();
    tell(&PlanNotice::Designed { pilots, done, pool, validation_rows, full_rows });

    let runs = folder.join(RUNS);
    if done < pilots {
        fs::create_dir_all(&runs).at(&runs)?;
        write_rows(rows.validation.examples().iter(), &runs.join(VALIDATION))?;
    }
    let tell = RefCell::new(tell);
    let mut runner = Runner {
        base,
        rows: &rows,
        metric: config.metric,
        models: if done < pilots { checkpoints(&config.models, &runs)? } else { Vec::new() },
        folder: runs.clone(),
        heard: false,
        tell: &tell,
        observers,
    };
    let mut begun = |pilot: &tunewise_plan::Pilot, records: &[PilotRecord]| {
        let model = names.get(pilot.model).cloned().unwrap_or_default();
        let (done, pilot, seconds_left) = (records.len(), *pilot, schedule.seconds_left(records));
        (tell.borrow_mut())(&PlanNotice::Begun { done, pilots, model, pilot, seconds_left });
    };
    if schedule.run(&mut journal, &mut runner, &mut begun)? == PilotsEnd::Stopped {
        return Ok(Planned::Stopped { done: journal.records().len(), pilots });
    }
    let setting = Setting {
        recipe,
        validation_rows,
        chance: rows.chance(config.metric),
        seed: base.seed,
        prices,
        owned: pool,
    };
    let views = names
        .iter()
        .map(|name| ModelView::fit(name, journal.records(), setting))
        .collect::<Result<Vec<_>, _>>()?;
    let question = Question { goal: config.goal, full_rows, confidence: config.confidence };
    let data = base.train_file.file_name().map(|name| name.to_string_lossy().into_owned());
    let metric = config.metric.to_string();
    let answer = Answer::new(&views, &question, &metric, &data.unwrap_or_default())?;
    answer.write(folder)?;
    if runs.exists() {
        files::remove_folder(&runs)?;
    }
    Ok(Planned::Answered(Box::new(answer)))
}

/// Removes what an earlier plan has written; other files stay.
fn clear(folder: &Path) -> Result<()> {
    for name in Answer::FILES.into_iter().chain([tunewise_plan::JOURNAL]) {
        let path = folder.join(name);
        if path.exists() {
            fs::remove_file(&path).at(&path)?;
        }
    }
    let runs = folder.join(RUNS);
    if runs.exists() { files::remove_folder(&runs) } else { Ok(()) }
}

/// The models' own names, or whole paths where two are alike.
fn names(models: &[ModelChoice]) -> Vec<String> {
    let own: Vec<String> = models.iter().map(ModelChoice::name).collect();
    let alike = |name: &String| own.iter().filter(|it| *it == name).count() > 1;
    let name = |(own, model): (&String, &ModelChoice)| {
        if alike(own) { model.to_string() } else { own.clone() }
    };
    own.iter().zip(models).map(name).collect()
}

/// Where the models are, those cut to fewer layers among the runs.
fn checkpoints(models: &[ModelChoice], runs: &Path) -> Result<Vec<PathBuf>> {
    let folder = |(number, model): (usize, &ModelChoice)| {
        let Some(layers) = model.layers else { return Ok(model.path.clone()) };
        let path = runs.join(format!("model-{number}"));
        if path.exists() {
            files::remove_folder(&path)?;
        }
        cut_layers(&model.path, layers, &path)?;
        Ok(path)
    };
    models.iter().enumerate().map(folder).collect()
}

/// What the pilots depend on.
fn fingerprint(
    base: &FinetuneConfig,
    config: &PlanConfig,
    design: &Design,
) -> Result<Map<String, Value>> {
    let hash = |path: &Path| files::sha256(path).map(|(hash, _)| hash);
    let weights = |model: &ModelChoice| {
        let hash = if model.path.is_dir() { weights::sha256(&model.path)? } else { String::new() };
        Ok(json!([model.to_string(), hash]))
    };
    let models = config.models.iter().map(weights).collect::<Result<Vec<_>>>()?;
    let validation = base.validation_file.as_deref().map(hash).transpose()?;
    let mut map = Map::new();
    let mut put = |key: &str, value: Value| map.insert(key.to_owned(), value);
    put("tunewise_version", json!(env!("CARGO_PKG_VERSION")));
    put("train_file", json!(hash(&base.train_file)?));
    put("validation_file", json!(validation));
    put("models", json!(models));
    put("metric", json!(config.metric));
    put("design", json!(design));
    put("least_steps", json!(config.least_steps));
    put("threads", json!(base.threads));
    if let Value::Object(settings) = serde_json::to_value(base).at(Path::new("configuration"))? {
        let free = |name: &str| FinetuneConfig::MAY_CHANGE.contains(&name);
        for (name, value) in settings.into_iter().filter(|(name, _)| !free(name)) {
            put(&name, value);
        }
    }
    Ok(map)
}

impl From<tunewise_plan::Error> for Error {
    fn from(source: tunewise_plan::Error) -> Self {
        Self::Plan { source: Box::new(source) }
    }
}
