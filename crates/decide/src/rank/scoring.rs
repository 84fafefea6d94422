//! From visits to sessions with a model's scores.

use std::fmt;

use super::candidate::{Candidate, Session};
use super::profile::ClickModel;
use super::shelf::{Item, Shelf};
use super::visit::Visit;
use crate::{Error, Result};

/// Something in a visit that could not be used; the rest of it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The line of the visits.
    pub line: u64,
    /// The reader.
    pub reader: String,
    /// What it is.
    pub what: Omission,
}

/// What was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Omission {
    /// Items shown that the catalogue lacks: they cannot be ranked.
    Shown(Vec<String>),
    /// Items of the history that the catalogue lacks.
    History(Vec<String>),
    /// The visit: nothing that was shown is known.
    Visit,
}

/// A row of training data for a click model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair<'a> {
    /// The reader.
    pub profile: &'a str,
    /// The item.
    pub item: &'a str,
    /// Whether she clicked it.
    pub clicked: bool,
}

/// Why there are no scores.
#[derive(Debug, thiserror::Error)]
pub enum ScoreError<E: std::error::Error + 'static> {
    /// The model cannot score.
    #[error(transparent)]
    Model(E),
    /// The data cannot be used.
    #[error(transparent)]
    Data(#[from] Error),
}

/// Visits in the words of a catalogue: what a click model reads, at its training and later alike.
#[derive(Debug)]
pub struct Visits<'a> {
    shelf: &'a Shelf,
    rows: Vec<Row<'a>>,
    notes: Vec<Note>,
}

#[derive(Debug)]
struct Row<'a> {
    visit: &'a Visit,
    profile: Option<String>,
    items: Vec<&'a Item>,
}

impl<'a> Visits<'a> {
    /// Looks histories and items up; profiles are of the last `history_items` known ones.
    #[must_use]
    pub fn new(shelf: &'a Shelf, visits: &'a [Visit], history_items: usize) -> Self {
        let (mut rows, mut notes) = (Vec::new(), Vec::new());
        for visit in visits {
            let mut note = |what| {
                notes.push(Note { line: visit.line, reader: visit.reader.clone(), what });
            };
            let profile = shelf.profile(&visit.history, history_items);
            if !profile.unknown.is_empty() {
                note(Omission::History(profile.unknown));
            }
            let items: Vec<&Item> = visit.shown.iter().filter_map(|id| shelf.item(id)).collect();
            if items.len() < visit.shown.len() {
                let unknown = visit.shown.iter().filter(|id| shelf.item(id).is_none());
                note(Omission::Shown(unknown.cloned().collect()));
            }
            if items.is_empty() {
                note(Omission::Visit);
                continue;
            }
            rows.push(Row { visit, profile: profile.text, items });
        }
        Self { shelf, rows, notes }
    }

    /// What could not be used, in the order of the visits.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    pub(super) fn shelf(&self) -> &'a Shelf {
        self.shelf
    }

    /// The visits that are left, with their readers' profiles; in the order of [`Visits::sessions`].
    pub fn profiles(&self) -> impl Iterator<Item = (&Visit, Option<&str>)> {
        self.rows.iter().map(|row| (row.visit, row.profile.as_deref()))
    }

    /// Training rows: every item shown to a reader of whom something is known, if the clicks are.
    pub fn pairs(&self) -> impl Iterator<Item = Pair<'_>> {
        self.rows.iter().flat_map(|row| {
            let known = row.profile.as_deref().zip(row.visit.clicked.as_ref());
            known.into_iter().flat_map(|(profile, clicked)| {
                let pair = move |item: &&'a Item| Pair {
                    profile,
                    item: &item.text,
                    clicked: clicked.contains(&item.item),
                };
                row.items.iter().map(pair)
            })
        })
    }

    /// Sessions with the model's scores and the signals of those names.
    ///
    /// # Errors
    /// The model's; [`Error::Line`] of the catalogue for an item without what a signal needs.
    pub fn sessions<M: ClickModel>(
        &self,
        model: &mut M,
        signals: &[&str],
    ) -> Result<Vec<Session>, ScoreError<M::Error>>
    where
        M::Error: 'static,
    {
        let pairs: Vec<(&str, &str)> = self
            .rows
            .iter()
            .filter_map(|row| Some((row.profile.as_deref()?, &row.items)))
            .flat_map(|(profile, items)| items.iter().map(move |it| (profile, it.text.as_str())))
            .collect();
        let scores = model.click(&pairs).map_err(ScoreError::Model)?;
        let mut scores = scores.into_iter();
        let mut sessions = Vec::with_capacity(self.rows.len());
        for row in &self.rows {
            let mut candidates = Vec::with_capacity(row.items.len());
            for item in &row.items {
                let signal = |name: &&str| {
                    let fault = |fault| self.shelf.fault(&item.item, fault);
                    item.signal(name, row.visit.time).map_err(fault)
                };
                candidates.push(Candidate {
                    item: item.item.clone(),
                    click: row.profile.as_ref().and_then(|_| scores.next()),
                    signals: signals.iter().map(signal).collect::<Result<_>>()?,
                    terms: item.terms.clone(),
                });
            }
            let relevance = row.visit.clicked.as_ref().map(|clicked| {
                let clicked = |it: &Candidate| f64::from(u8::from(clicked.contains(&it.item)));
                candidates.iter().map(clicked).collect()
            });
            sessions.push(Session { reader: row.visit.reader.clone(), candidates, relevance });
        }
        Ok(sessions)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, reader {}: ", self.line, self.reader)?;
        match &self.what {
            Omission::Shown(items) => {
                write!(f, "not in the catalogue, so not ranked: {}", items.join(", "))
            }
            Omission::History(items) => {
                write!(f, "not in the catalogue, so not in the profile: {}", items.join(", "))
            }
            Omission::Visit => write!(f, "nothing that was shown is in the catalogue: left out"),
        }
    }
}
