//! The command line `recommend-pairs`: training data for a click model.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use tunewise_decide::rank::{Shelf, Visits};
use tunewise_decide::replace_file;

use super::visits::{SourceArgs, noted};
use crate::{CliResult, say};

/// Writes what a click model is fine-tuned on: a row for each item that a reader was shown
///
/// The columns are those that `finetune` finds by itself: text (the reader's profile), text_pair (the item)
/// and label (1 clicked, 0 not). Sessions of readers without a known item in their history are left out.
#[derive(Debug, Parser)]
#[command(name = "recommend-pairs", version)]
pub struct PairsArgs {
    #[command(flatten)]
    sources: SourceArgs,
    /// The CSV file to write
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

impl PairsArgs {
    /// Writes the file; what could not be used goes to standard error.
    ///
    /// # Errors
    /// A message naming the file, line and key at fault.
    pub fn run(&self) -> CliResult {
        let (shelf, visits): (Shelf, _) = self.sources.read()?;
        let visits = Visits::new(&shelf, &visits, self.sources.history_items);
        noted(&visits);
        let mut table = csv::Writer::from_writer(Vec::new());
        table.write_record(["text", "text_pair", "label"])?;
        let (mut rows, mut clicked) = (0, 0);
        for pair in visits.pairs() {
            table.write_record([pair.profile, pair.item, if pair.clicked { "1" } else { "0" }])?;
            rows += 1;
            clicked += usize::from(pair.clicked);
        }
        if rows == 0 {
            let name = self.sources.sessions.display();
            return Err(format!("{name}: no session has both a known history and `clicked`").into());
        }
        let bytes = table.into_inner().map_err(|error| error.to_string())?;
        replace_file(&self.output, &String::from_utf8(bytes)?)?;
        say(format!("{rows} rows, {clicked} of them clicked"));
        Ok(ExitCode::SUCCESS)
    }
}
