//! The command line `monitor-scored`: texts with topic and sentiment in, alerts and a page out.

use std::fs::create_dir_all;
use std::io::stdin;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use clap::Parser;
use tunewise_decide::monitor::{MonitorOptions, Replay, ReplayPaths};

use crate::{CliResult, say};

/// Watches scored texts and raises alerts where negative ones become more
///
/// Input: an object a line with time, topic, negative (0 to 1), text and, best, id. Into the output folder
/// go alerts.jsonl, skipped.jsonl (lines that do not count, and why), monitor.html and state.json, from
/// which a run that was stopped or killed goes on: nothing is lost, nothing said twice.
#[derive(Debug, Parser)]
#[command(name = "monitor-scored", version)]
pub struct MonitorArgs {
    /// The texts: a file of JSON Lines, or - for standard input
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// Where the outputs go, and the state of an earlier run lies
    #[arg(long, value_name = "DIR")]
    output_dir: PathBuf,
    /// Settings in TOML, by the names of docs/monitor.md
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Save the state after so many lines
    #[arg(long, value_name = "N", default_value_t = 1000)]
    save_lines: u64,
    /// Heading of the page
    #[arg(long, value_name = "TEXT", default_value = "Monitor")]
    title: String,
}

impl MonitorArgs {
    /// Runs to the end of the input; the counts go to standard error.
    ///
    /// # Errors
    /// A message naming the file, line or setting at fault.
    pub fn run(&self) -> CliResult {
        let options = match &self.config {
            None => MonitorOptions::default(),
            Some(path) => {
                let named = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
                let text = std::fs::read_to_string(path).map_err(|error| named(&error))?;
                toml::from_str(&text).map_err(|error| named(&error))?
            }
        };
        create_dir_all(&self.output_dir)
            .map_err(|error| format!("{}: {error}", self.output_dir.display()))?;
        let at = |name| self.output_dir.join(name);
        let paths = ReplayPaths {
            alerts: at("alerts.jsonl"),
            skipped: at("skipped.jsonl"),
            state: at("state.json"),
        };
        let mut replay = Replay::open(paths, options)?.saving_every(self.save_lines);
        let never = AtomicBool::new(false);
        if self.input.as_os_str() == "-" {
            replay.run_live(stdin().lock(), &never)?;
        } else {
            replay.run_file(&self.input, &never)?;
        }
        replay.monitor().write_page(&at("monitor.html"), &self.title)?;
        let counts = replay.monitor().counts();
        say(format!(
            "{} texts, {} repeated, {} late",
            counts.counted, counts.duplicates, counts.late
        ));
        Ok(ExitCode::SUCCESS)
    }
}
