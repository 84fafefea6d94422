//! What `bench-peers` is asked to compare.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::fault::{Fault, Result};
use crate::process::Workspace;

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    Train,
    Predict,
}

/// The settings of a comparison.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) work: Work,
    pub(super) python: Option<PathBuf>,
    pub(super) checkpoint: PathBuf,
    pub(super) train_file: PathBuf,
    /// The texts to predict.
    pub(super) input: Option<PathBuf>,
    pub(super) rounds: usize,
    pub(super) batch_size: usize,
    pub(super) max_seq_length: usize,
    pub(super) threads: usize,
    /// Further arguments of `finetune`, after `--`.
    pub(super) ours: Vec<String>,
}

impl Options {
    pub(super) fn parse(workspace: &Workspace, arguments: &[String]) -> Result<Self> {
        let mut options = Self {
            work: Work::Train,
            python: None,
            checkpoint: workspace.checkpoint(),
            train_file: workspace.path("examples/data/recommendation/train.csv"),
            input: None,
            rounds: 5,
            batch_size: 16,
            max_seq_length: 128,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            ours: Vec::new(),
        };
        let mut rest = arguments.iter();
        while let Some(name) = rest.next() {
            if name == "--" {
                options.ours = rest.cloned().collect();
                break;
            }
            let value = rest.next().ok_or_else(|| {
                Fault::new(format!("`{name}` has no value"), "see `cargo xtask help`")
            })?;
            options.set(name, value)?;
        }
        Ok(options)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let count = || {
            let count = value.parse().ok().filter(|&count: &usize| count > 0);
            count.ok_or_else(|| {
                Fault::new(format!("{name} is `{value}`"), "give a whole number, 1 or more")
            })
        };
        match name {
            "--work" => {
                self.work = match value {
                    "train" => Work::Train,
                    "predict" => Work::Predict,
                    _ => {
                        let fault = format!("--work is `{value}`");
                        return Err(Fault::new(fault, "give train or predict"));
                    }
                }
            }
            "--input" => self.input = Some(value.into()),
            "--python" => self.python = Some(value.into()),
            "--checkpoint" => self.checkpoint = value.into(),
            "--train-file" => self.train_file = value.into(),
            "--rounds" => self.rounds = count()?,
            "--batch-size" => self.batch_size = count()?,
            "--max-seq-length" => self.max_seq_length = count()?,
            "--threads" => self.threads = count()?,
            _ => {
                return Err(Fault::new(
                    format!("unknown argument `{name}`"),
                    "see `cargo xtask help`",
                ));
            }
        }
        Ok(())
    }

    /// Adds what both sides call alike, and the batch size under its name there.
    pub(super) fn shared(&self, command: &mut Command, batch_size: &str) {
        command
            .arg("--train-file")
            .arg(&self.train_file)
            .args([batch_size, &self.batch_size.to_string()])
            .args(["--max-seq-length", &self.max_seq_length.to_string()]);
    }

    /// One line for the head of the table.
    pub(super) fn describe(&self, file: &Path) -> String {
        let name = |path: &Path| {
            path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
        };
        let batches = match self.work {
            Work::Train => format!(" batch size {},", self.batch_size),
            Work::Predict => String::new(),
        };
        let mut line = format!(
            "{} on {},{batches} at most {} tokens, {} threads, {} rounds in turn",
            name(&self.checkpoint),
            name(file),
            self.max_seq_length,
            self.threads,
            self.rounds
        );
        if !self.ours.is_empty() {
            line.push_str(&format!("; ours with {}", self.ours.join(" ")));
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Options> {
        let arguments: Vec<String> = arguments.iter().map(|&a| a.to_owned()).collect();
        Options::parse(&Workspace::find(), &arguments)
    }

    #[test]
    fn arguments_are_read_and_faults_named() {
        let options =
            parse(&["--rounds", "3", "--python", "p", "--", "--engine", "general"]).unwrap();
        assert_eq!((options.rounds, options.python), (3, Some("p".into())));
        assert_eq!(options.ours, ["--engine", "general"]);
        let options = parse(&["--work", "predict", "--input", "dev.tsv"]).unwrap();
        assert_eq!((options.work, options.input), (Work::Predict, Some("dev.tsv".into())));
        let fault = |arguments: &[&str]| parse(arguments).unwrap_err().to_string();
        assert!(fault(&["--rounds", "0"]).contains("--rounds is `0`"));
        assert!(fault(&["--rounds"]).contains("no value"));
        assert!(fault(&["--work", "rest"]).contains("--work is `rest`"));
        assert!(fault(&["--round", "1"]).contains("unknown argument"));
    }
}
