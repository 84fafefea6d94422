//! The command line `recommend-scored`: candidate items with a model's scores in, ranked items out.

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use serde_json::json;
use tunewise_decide::rank::{Blend, Diversity, Session, rank, read_sessions};

use crate::{CliResult, say};

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
    /// Names and weights of the signals, the model's click first
    #[arg(long, value_name = "NAME=WEIGHT,...", value_delimiter = ',', default_value = "click=1", value_parser = weight)]
    weights: Vec<(String, f64)>,
    /// Fit the weights instead, to the clicks of this file of the same form
    #[arg(long, value_name = "FILE")]
    fit: Option<PathBuf>,
    /// What holds fitted weights back
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    ridge: f64,
    /// Weight of the score against likeness to the items above, 0 to 1
    #[arg(long, value_name = "X", default_value_t = 0.8)]
    relevance: f64,
    /// Items for each reader
    #[arg(long, value_name = "N", default_value_t = 10)]
    count: usize,
}

fn weight(word: &str) -> Result<(String, f64), String> {
    let (name, number) = word.split_once('=').ok_or("expected NAME=WEIGHT")?;
    let weight = number.parse().map_err(|_| format!("`{number}` is no number"))?;
    Ok((name.to_owned(), weight))
}

impl RecommendArgs {
    /// Writes the rankings to `out`, fitted weights to standard error.
    ///
    /// # Errors
    /// A message naming the file, line or flag at fault.
    pub fn run(&self, out: &mut impl Write) -> CliResult {
        let weights: Vec<(&str, f64)> =
            self.weights.iter().map(|it| (it.0.as_str(), it.1)).collect();
        let mut blend = Blend::fixed(&weights)?;
        let names: Vec<&str> = weights.iter().map(|it| it.0).collect();
        if let Some(path) = &self.fit {
            let fit = Blend::fit(&read(path, &names)?, &names, self.ridge)?;
            say(format!("weights {:?} of {names:?}, from {} rows", fit.blend.weights(), fit.rows));
            blend = fit.blend;
        }
        for session in read(&self.input, &names)? {
            let diversity = Diversity { relevance: self.relevance };
            let ranked = rank(&session.candidates, &blend, &diversity, self.count)?;
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
