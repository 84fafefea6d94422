//! The command lines that rank items: `recommend-scored`, and what `recommend` and `recommend-pairs` share.

mod blend_args;
mod pairs;
mod visits;

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use serde_json::json;
use tunewise_decide::rank::{Session, rank, read_sessions};

pub use blend_args::BlendArgs;
pub use pairs::PairsArgs;
pub use visits::VisitArgs;

use crate::CliResult;

/// Ranks the candidate items of each reader by a model's score and other signals
///
/// Input: an object a line with reader, item, click (0 to 1, or null) and, if there are any, an object
/// signals and a list terms. Output: an object a reader, each item with the reason for its place.
#[derive(Debug, Parser)]
#[command(name = "recommend-scored", version)]
pub struct RecommendArgs {
    /// The candidates: a file of JSON Lines
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// What they are ranked by.
    #[command(flatten)]
    blend: BlendArgs,
}

impl RecommendArgs {
    /// Writes the rankings to `out`, fitted weights to standard error.
    ///
    /// # Errors
    /// A message naming the file, line or flag at fault.
    pub fn run(&self, out: &mut impl Write) -> CliResult {
        let names = self.blend.names();
        let earlier = self.blend.fit.as_ref().map(|path| read(path, &names)).transpose()?;
        let blend = self.blend.blend(earlier.as_deref())?;
        let diversity = self.blend.diversity();
        for session in read(&self.input, &names)? {
            let ranked = rank(&session.candidates, &blend, &diversity, self.blend.count)?;
            let item = |it: &tunewise_decide::rank::Ranked| json!({ "item": it.item, "score": it.score, "why": it.to_string() });
            let items: Vec<_> = ranked.iter().map(item).collect();
            writeln!(out, "{}", json!({ "reader": session.reader, "items": items }))?;
        }
        out.flush()?;
        Ok(ExitCode::SUCCESS)
    }
}

fn read(path: &Path, names: &[&str]) -> CliResult<Vec<Session>> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|error| format!("{name}: {error}"))?;
    Ok(read_sessions(BufReader::new(file), &name, names.get(1..).unwrap_or_default())?)
}
