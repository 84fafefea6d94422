//! Fine-tunes a BERT text classifier: `finetune --help`.
#![allow(clippy::print_stdout, reason = "a command line")]

use std::process::ExitCode;

use clap::Parser;
use tunewise_bert::DownloadBar;
use tunewise_bert::task::{Notice, finetune, finetune_in_group};
use tunewise_bert::train::{Progress, StopReason};
use tunewise_examples::{
    CliResult, FinetuneArgs, INTERRUPTED, group, hub_for, run, say, shows_download,
    stop_on_interrupt,
};

fn main() -> ExitCode {
    run(|| finetune_command(&FinetuneArgs::parse()))
}

fn finetune_command(args: &FinetuneArgs) -> CliResult {
    let mut config = args.resolve()?;
    config.hub = hub_for(&config.model_name_or_path)?;
    let mut stop = stop_on_interrupt()?;
    let group = group(&mut config)?;
    let rank = group.as_ref().map_or(0, |group| group.rank());
    let mut progress = Progress::default();
    let mut downloads = DownloadBar::default();
    let mut tell = |notice: &Notice| match notice {
        notice if shows_download(&mut downloads, notice) => (),
        _ if rank > 0 => (), // the first process has said it
        warning if warning.is_warning() => say(format!("warning: {warning}")),
        notice => say(notice),
    };
    let done = match group {
        None => finetune(&config, &mut tell, vec![&mut progress, &mut stop])?,
        Some(group) if rank == 0 => {
            finetune_in_group(&config, group, &mut tell, vec![&mut progress, &mut stop])?
        }
        Some(group) => finetune_in_group(&config, group, &mut tell, vec![&mut stop])?,
    };

    let record = &done.record;
    if rank > 0 {
        return Ok(exit_code(done.outcome.reason));
    }
    say(format!(
        "trained {} rows in {:.1} s ({:.1} rows/s, {}); results in {}",
        record.trained_rows,
        record.training_seconds,
        record.samples_per_second,
        record.precision,
        config.output_dir.display()
    ));
    if let Some(report) = &done.report {
        let (split, rows) = (report.split, report.evaluation.rows);
        println!("{split} report, {rows} rows, eval_loss {:.4}\n", report.evaluation.eval_loss);
        print!("{}", report.evaluation);
    }
    Ok(exit_code(done.outcome.reason))
}

fn exit_code(reason: StopReason) -> ExitCode {
    match reason {
        StopReason::Stopped => ExitCode::from(INTERRUPTED),
        _ => ExitCode::SUCCESS,
    }
}
