//! The scenario argument that all sub-commands share.

use std::path::{Path, PathBuf};

use clap::Args;
use tunewise_cost::{RootPolicy, Scenario, ScenarioError};

use super::fault::{Fault, read};

/// A scenario file and how it is solved.
#[derive(Debug, Args)]
pub(crate) struct ScenarioArgs {
    /// Scenario: .toml or .json (`solve` also takes .jsonl, one scenario a line)
    #[arg(value_name = "SCENARIO")]
    pub(crate) path: PathBuf,
    /// Which root is reported: economic, stable, plus or minus; without it the scenario's own
    #[arg(long, value_name = "POLICY")]
    pub(crate) policy: Option<RootPolicy>,
}

/// What kind of file a name says.
pub(crate) enum Kind {
    /// One scenario.
    Toml,
    /// One scenario.
    Json,
    /// One scenario a line.
    Lines,
}

/// A line's number and what it holds.
pub(crate) type Line = (usize, Result<Scenario, ScenarioError>);

impl ScenarioArgs {
    /// The one scenario of the file.
    pub(crate) fn load(&self) -> Result<Scenario, Fault> {
        let parse = match self.kind()? {
            Kind::Toml => Scenario::from_toml,
            Kind::Json => Scenario::from_json,
            Kind::Lines => return Err(Fault::Lines { path: self.path.clone() }),
        };
        let fault = |source| Fault::Scenario { path: self.path.clone(), source };
        parse(&read(&self.path)?).map(|scenario| self.with_policy(scenario)).map_err(fault)
    }

    pub(crate) fn kind(&self) -> Result<Kind, Fault> {
        match self.path.extension().and_then(|extension| extension.to_str()) {
            Some("toml") => Ok(Kind::Toml),
            Some("json") => Ok(Kind::Json),
            Some("jsonl") => Ok(Kind::Lines),
            _ => Err(Fault::Extension {
                path: self.path.clone(),
                expected: ".toml, .json or .jsonl",
            }),
        }
    }

    /// The scenarios of a .jsonl file: number and scenario of each line that is not blank.
    pub(crate) fn lines(&self) -> Result<Vec<Line>, Fault> {
        let text = read(&self.path)?;
        let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
        let parse = |(number, line): (usize, &str)| {
            (number, Scenario::from_json(line).map(|scenario| self.with_policy(scenario)))
        };
        Ok(lines.map(parse).collect())
    }

    fn with_policy(&self, mut scenario: Scenario) -> Scenario {
        if let Some(policy) = self.policy {
            scenario.model.policy = policy;
        }
        if scenario.name.is_empty() {
            scenario.name = stem(&self.path);
        }
        scenario
    }
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}
