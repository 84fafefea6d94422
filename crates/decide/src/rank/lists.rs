//! The lists of a file of visits, for programs and for people.

use std::fmt::{self, Write as _};
use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::blend::Blend;
use super::candidate::Session;
use super::order::{Diversity, Ranked, rank};
use super::scoring::Visits;
use super::shelf::Shelf;
use super::study::Study;
use super::visit::Visit;
use crate::file::replace_file;
use crate::{Error, Result};

/// What every reader of some visits is shown, in order, with the reasons.
///
/// Written out it is a list for people, and by [`Lists::json_lines`] one for programs.
#[derive(Debug)]
pub struct Lists<'a> {
    shelf: &'a Shelf,
    lists: Vec<List<'a>>,
}

#[derive(Debug)]
struct List<'a> {
    visit: &'a Visit,
    profile: Option<&'a str>,
    ranked: Vec<Ranked>,
}

impl<'a> Lists<'a> {
    /// The first `count` items of each visit; `sessions` are those of [`Visits::sessions`].
    ///
    /// # Errors
    /// As [`rank`].
    pub fn new(
        visits: &'a Visits<'_>,
        sessions: &[Session],
        (blend, diversity, count): (&Blend, &Diversity, usize),
    ) -> Result<Self> {
        let list = |(session, (visit, profile)): (&Session, (&'a Visit, Option<&'a str>))| {
            let ranked = rank(&session.candidates, blend, diversity, count)?;
            Ok(List { visit, profile, ranked })
        };
        let lists = sessions.iter().zip(visits.profiles()).map(list).collect::<Result<_>>()?;
        Ok(Self { shelf: visits.shelf(), lists })
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lists.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// An object a list: `line` of the visits, `reader`, and `items`, each with item, title, score,
    /// effects, why and, if known, clicked.
    #[must_use]
    pub fn json_lines(&self) -> String {
        let mut out = String::new();
        for List { visit, ranked, .. } in &self.lists {
            let items: Vec<Value> = ranked.iter().map(|it| self.object(visit, it)).collect();
            let line = json!({ "line": visit.line, "reader": visit.reader, "items": items });
            let _ = writeln!(out, "{line}"); // a string takes everything
        }
        out
    }

    /// Writes `recommendations.jsonl`, `recommendations.txt` and, if the lists were measured,
    /// `metrics.json`, `metrics.txt` and `ndcg.svg` into a folder, which is made if it is not there.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Plot`].
    pub fn write(&self, folder: &Path, study: Option<&Study>) -> Result<()> {
        let io = |source| Error::Io { path: folder.to_owned(), source };
        fs::create_dir_all(folder).map_err(io)?;
        let mut files = vec![
            ("recommendations.jsonl", self.json_lines()),
            ("recommendations.txt", self.to_string()),
        ];
        if let Some(study) = study {
            let json = serde_json::to_string_pretty(study).map_err(|error| io(error.into()))?;
            files.push(("metrics.json", json));
            files.push(("metrics.txt", study.to_string()));
            files.push(("ndcg.svg", study.svg()?));
        }
        files.iter().try_for_each(|(name, text)| replace_file(&folder.join(name), text))
    }

    fn object(&self, visit: &Visit, it: &Ranked) -> Value {
        let effects = it.contributions.iter().map(|part| (part.signal.clone(), part.effect.into()));
        json!({
            "item": it.item,
            "title": self.title(it),
            "score": it.score,
            "effects": effects.collect::<Map<String, Value>>(),
            "why": it.to_string(),
            "clicked": visit.clicked.as_ref().map(|clicked| clicked.contains(&it.item)),
        })
    }

    fn title(&self, it: &Ranked) -> &str {
        self.shelf.item(&it.item).map_or("", |item| item.title.as_str())
    }
}

impl fmt::Display for Lists<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for List { visit, profile, ranked } in &self.lists {
            let profile = profile.unwrap_or("nothing known: the model is not asked");
            writeln!(f, "reader {}, who clicked before: {profile}", visit.reader)?;
            for it in ranked {
                let clicked =
                    visit.clicked.as_ref().is_some_and(|clicked| clicked.contains(&it.item));
                let mark = if clicked { "   <- clicked" } else { "" };
                writeln!(f, "  {:>2}  {}{mark}", it.position, self.title(it))?;
                writeln!(f, "      {it}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
