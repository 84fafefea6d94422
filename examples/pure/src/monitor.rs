//! The command line `monitor-scored`: texts with topic and sentiment in, alerts and a page out; and what
//! `monitor` does once it has its models.

use std::fs::{File, create_dir_all};
use std::io::{BufReader, stdin};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use clap::{Args, Parser};
use tunewise_decide::monitor::{
    Burst, LineScorer, MonitorOptions, Ready, Replay, ReplayPaths, Review,
};

use crate::{CliResult, INTERRUPTED, say};

/// Watches scored texts and raises alerts where negative ones become more
///
/// Input: an object a line with time, topic, negative (0 to 1), text and, best, id. Into the output folder
/// go alerts.jsonl, skipped.jsonl (lines that do not count, and why), monitor.html and state.json, from
/// which a run that was stopped or killed goes on: nothing is lost, nothing said twice.
#[derive(Debug, Parser)]
#[command(name = "monitor-scored", version)]
pub struct MonitorArgs {
    /// What is watched.
    #[command(flatten)]
    pub stream: StreamArgs,
}

impl MonitorArgs {
    /// Runs to the end of the input; the counts go to standard error.
    ///
    /// # Errors
    /// A message naming the file, line or setting at fault.
    pub fn run(&self) -> CliResult {
        static NEVER: AtomicBool = AtomicBool::new(false);
        self.stream.run(|| Ok(Ready), &NEVER)
    }
}

/// What is watched and how, and where the outputs go.
#[derive(Debug, Clone, Args)]
pub struct StreamArgs {
    /// The texts: a file of JSON Lines, or - for standard input
    #[arg(long, value_name = "FILE")]
    pub input: PathBuf,
    /// Where the outputs go, and the state of an earlier run lies
    #[arg(long, value_name = "DIR")]
    pub output_dir: PathBuf,
    /// Settings in TOML, by the names of docs/monitor.md
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Save the state after so many lines, and live whenever none comes
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub save_lines: u64,
    /// Heading of the page
    #[arg(long, value_name = "TEXT", default_value = "Monitor")]
    pub title: String,
    /// Bursts that are known, JSON Lines with topic, from and to: say which were caught, and what was a
    /// false alarm
    #[arg(long, value_name = "FILE")]
    pub bursts: Option<PathBuf>,
}

impl StreamArgs {
    /// Watches by the scorer that `load` gives, once the settings are known to be right; `stop`, once true,
    /// ends it, saved. The counts go to standard error.
    ///
    /// # Errors
    /// A message naming the file, line or setting at fault.
    pub fn run<S: LineScorer>(
        &self,
        load: impl FnOnce() -> CliResult<S>,
        stop: &AtomicBool,
    ) -> CliResult {
        let options = self.options()?;
        options.validate()?;
        let bursts = self.bursts()?;
        let live = self.input.as_os_str() == "-";
        if !live {
            File::open(&self.input)
                .map_err(|error| format!("{}: {error}", self.input.display()))?;
        }
        let mut scorer = load()?;
        create_dir_all(&self.output_dir)
            .map_err(|error| format!("{}: {error}", self.output_dir.display()))?;
        let at = |name| self.output_dir.join(name);
        let paths = ReplayPaths {
            alerts: at("alerts.jsonl"),
            skipped: at("skipped.jsonl"),
            state: at("state.json"),
        };
        let replay = Replay::open(paths, options)?.saving_every(self.save_lines);
        let mut replay = replay.with_page(at("monitor.html"), &self.title);
        if live {
            replay.run_live(BufReader::new(stdin()), &mut scorer, stop)?;
        } else {
            replay.score_file(&self.input, &mut scorer, stop)?;
        }
        let counts = replay.monitor().counts();
        say(format!(
            "{} texts, {} repeated, {} late",
            counts.counted, counts.duplicates, counts.late
        ));
        if let Some(bursts) = bursts {
            say(Review::new(&bursts, replay.monitor().recent()).to_string().trim_end());
        }
        let stopped = stop.load(std::sync::atomic::Ordering::Relaxed);
        Ok(if stopped { ExitCode::from(INTERRUPTED) } else { ExitCode::SUCCESS })
    }

    fn options(&self) -> CliResult<MonitorOptions> {
        let Some(path) = &self.config else { return Ok(MonitorOptions::default()) };
        let named = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let text = std::fs::read_to_string(path).map_err(|error| named(&error))?;
        Ok(toml::from_str(&text).map_err(|error| named(&error))?)
    }

    fn bursts(&self) -> CliResult<Option<Vec<Burst>>> {
        let Some(path) = &self.bursts else { return Ok(None) };
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| format!("{name}: {error}"))?;
        Ok(Some(Burst::read(BufReader::new(file), &name)?))
    }
}
