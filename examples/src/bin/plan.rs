//! Where to spend, from pilot runs: `plan --help`.
#![allow(clippy::print_stdout, reason = "a command line")]

use std::process::ExitCode;

use clap::Parser;
use tunewise_bert::DownloadBar;
use tunewise_bert::plan::{PlanNotice, Planned, plan};
use tunewise_bert::train::Progress;
use tunewise_examples::{
    CliResult, INTERRUPTED, PlanArgs, hub_for, run, say, shows_download, stop_on_interrupt,
};
use tunewise_plan::Prices;

fn main() -> ExitCode {
    run(|| plan_command(&PlanArgs::parse()))
}

fn plan_command(args: &PlanArgs) -> CliResult {
    let prices = Prices::read(&args.prices)?;
    let (mut base, config) = args.resolve()?;
    for model in &config.models {
        base.hub = hub_for(&model.path)?.or(base.hub);
    }
    let mut stop = stop_on_interrupt()?;
    let mut progress = Progress::bar_alone();
    let mut downloads = DownloadBar::default();
    let mut tell = |notice: &PlanNotice| match notice {
        PlanNotice::Run(notice) if shows_download(&mut downloads, notice) => (),
        notice => say(notice),
    };
    let done = plan(&base, (&config, &prices), &mut tell, &mut [&mut progress, &mut stop])?;
    match done {
        Planned::Answered(answer) => {
            print!("{answer}");
            say(format!("report: {}", base.output_dir.join("report.html").display()));
            Ok(ExitCode::SUCCESS)
        }
        Planned::Stopped { done, pilots } => {
            say(format!("{done} of {pilots} pilots are saved: go on with --resume"));
            Ok(ExitCode::from(INTERRUPTED))
        }
    }
}
