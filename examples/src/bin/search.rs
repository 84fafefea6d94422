//! Searches for the settings of a fine-tuning run: `search --help`.
#![allow(clippy::print_stdout, reason = "a command line")]

use std::process::ExitCode;

use clap::Parser;
use tunewise_bert::DownloadBar;
use tunewise_bert::search::{SearchEnd, SearchNotice, search};
use tunewise_bert::train::Progress;
use tunewise_examples::{
    CliResult, INTERRUPTED, SearchArgs, hub_for, run, say, shows_download, stop_on_interrupt,
};

fn main() -> ExitCode {
    run(|| search_command(&SearchArgs::parse()))
}

fn search_command(args: &SearchArgs) -> CliResult {
    let (mut base, config) = args.resolve()?;
    base.hub = hub_for(&base.model_name_or_path)?;
    let mut stop = stop_on_interrupt()?;
    let mut progress = Progress::bar_alone();
    let mut downloads = DownloadBar::default();
    let mut tell = |notice: &SearchNotice| match notice {
        SearchNotice::Run(notice) if shows_download(&mut downloads, notice) => (),
        notice => say(notice),
    };
    let done = search(&base, &config, &mut tell, &mut [&mut progress, &mut stop])?;

    print!("{}", done.state);
    if let (Some(best), Some(folder)) = (done.state.best(), &done.best_dir) {
        say(format!("best: trial {} in {}", best.trial, folder.display()));
        say(format!("its settings: {}", best.settings_text()));
    }
    Ok(match (done.end, done.best_dir) {
        (SearchEnd::Stopped, _) => ExitCode::from(INTERRUPTED),
        (SearchEnd::Completed, None) => return Err("every trial failed".into()),
        _ => ExitCode::SUCCESS,
    })
}
