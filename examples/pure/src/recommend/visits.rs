//! What `recommend` does once it has a click model.

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use tunewise_decide::rank::{
    ClickModel, EvaluateOptions, Lists, ProfileKind, Session, Shelf, Study, Visit, Visits,
    clicks_known, read_visits,
};

use super::blend_args::BlendArgs;
use crate::{CliResult, say};

/// Notes that are shown before the rest is only counted.
const NOTES: usize = 5;

/// Where items and sessions are.
#[derive(Debug, Clone, Args)]
pub struct SourceArgs {
    /// The catalogue: JSON Lines with item, title and, if there, text, terms, published, clicks, signals
    #[arg(long, value_name = "FILE")]
    pub items: PathBuf,
    /// The sessions: JSON Lines with reader, time, shown and, if there, history and clicked
    #[arg(long, value_name = "FILE")]
    pub sessions: PathBuf,
    /// Items of a history, the last ones, that make a profile
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub history_items: usize,
    /// What of them makes it
    #[arg(long, value_enum, default_value_t = ProfileArg::Titles)]
    pub profile: ProfileArg,
}

/// What of a history's items makes a profile.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ProfileArg {
    /// Their titles, between semicolons
    Titles,
    /// Their terms, each once: "Enjoys sea, birds, maps."
    Terms,
}

/// What to rank, by what, and where the lists go.
#[derive(Debug, Clone, Args)]
pub struct VisitArgs {
    /// Where items and sessions are.
    #[command(flatten)]
    pub sources: SourceArgs,
    /// What they are ranked by.
    #[command(flatten)]
    pub blend: BlendArgs,
    /// Folder for recommendations.jsonl, recommendations.txt and, if clicks are known, metrics.json,
    /// metrics.txt and ndcg.svg
    #[arg(long, value_name = "DIR")]
    pub output_dir: PathBuf,
    /// Positions that the metrics count
    #[arg(long, value_name = "K", default_value_t = 10)]
    pub k: usize,
    /// Of the bootstrap and the random order
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
}

impl SourceArgs {
    /// The catalogue and the sessions.
    ///
    /// # Errors
    /// A message naming the file, line and key at fault.
    pub(super) fn read(&self) -> CliResult<(Shelf, Vec<Visit>)> {
        let shelf = Shelf::read(open(&self.items)?, &self.items.display().to_string())?;
        let kind = match self.profile {
            ProfileArg::Titles => ProfileKind::Titles,
            ProfileArg::Terms => ProfileKind::Terms,
        };
        Ok((shelf.with_profiles(kind), self.visits(&self.sessions)?))
    }

    fn visits(&self, path: &Path) -> CliResult<Vec<Visit>> {
        let name = path.display().to_string();
        let visits = read_visits(open(path)?, &name)?;
        if visits.is_empty() {
            return Err(format!("{name}: no sessions").into());
        }
        Ok(visits)
    }
}

fn open(path: &Path) -> CliResult<BufReader<File>> {
    let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(BufReader::new(file))
}

/// Says what could not be used.
pub(super) fn noted(visits: &Visits<'_>) {
    let notes = visits.notes();
    notes.iter().take(NOTES).for_each(say);
    if notes.len() > NOTES {
        say(format!("and {} more such sessions", notes.len() - NOTES));
    }
}

impl VisitArgs {
    /// Ranks all sessions by the model that `load` gives, once the files are known to be right; the metrics
    /// go to `out`, if clicks are known.
    ///
    /// # Errors
    /// A message naming the file, line, key or flag at fault.
    pub fn run<M: ClickModel>(
        &self,
        load: impl FnOnce() -> CliResult<M>,
        out: &mut impl Write,
    ) -> CliResult
    where
        M::Error: 'static,
    {
        let (shelf, visits) = self.sources.read()?;
        let names = self.blend.names();
        self.blend.blend(None)?;
        let earlier = self.blend.fit.as_ref().map(|path| self.sources.visits(path)).transpose()?;
        let known = clicks_known(&visits, &self.sources.sessions.display().to_string())?;
        let mut model = load()?;
        let signals = names.get(1..).unwrap_or_default();
        let mut scored = |visits: &[Visit]| -> CliResult<Vec<Session>> {
            let visits = Visits::new(&shelf, visits, self.sources.history_items);
            Ok(visits.sessions(&mut model, signals)?)
        };
        let earlier = earlier.map(|visits| scored(&visits)).transpose()?;
        let sessions = scored(&visits)?;
        let blend = self.blend.blend(earlier.as_deref())?;
        let diversity = self.blend.diversity();
        let visits = Visits::new(&shelf, &visits, self.sources.history_items);
        noted(&visits);

        let how = (&blend, &diversity, self.blend.count);
        let lists = Lists::new(&visits, &sessions, how)?;
        let study = if known && !lists.is_empty() {
            let options =
                EvaluateOptions { k: self.k, seed: self.seed, ..EvaluateOptions::default() };
            Some(Study::new(&sessions, (&blend, &diversity), &shelf.popularity(), &options)?)
        } else {
            None
        };
        lists.write(&self.output_dir, study.as_ref())?;
        if let Some(study) = study {
            write!(out, "{study}")?;
            out.flush()?;
        }
        say(format!("{} lists in {}", lists.len(), self.output_dir.display()));
        Ok(ExitCode::SUCCESS)
    }
}
