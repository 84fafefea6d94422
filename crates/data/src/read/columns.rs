//! Which column is which.

use super::{LabelUse, ReadOptions};
use crate::dataset::Columns;
use crate::{Error, Result};

const TEXT: [&str; 5] = ["text", "sentence", "sentence1", "review", "headline"];
const TEXT_PAIR: [&str; 3] = ["text_pair", "sentence2", "item"];
const LABEL: [&str; 3] = ["label", "category", "sentiment"];

/// A header to look columns up in.
pub(super) struct Header<'a> {
    pub(super) source: &'a str,
    pub(super) names: &'a [String],
}

impl Header<'_> {
    /// The columns in use: those that the options name, else the first guess that is there.
    pub(super) fn columns(&self, options: &ReadOptions) -> Result<Columns> {
        let text_pair = match &options.text_pair_column {
            Some(name) => Some(self.named("second text", name)?),
            None => self.guess(&TEXT_PAIR),
        };
        let label = self.label(options)?;
        let text = match &options.text_column {
            Some(name) => self.named("text", name)?,
            None => self
                .guess(&TEXT)
                .or_else(|| self.only_other(text_pair.as_ref(), label.as_ref()))
                .ok_or_else(|| self.missing("text", TEXT.join(", ")))?,
        };
        Ok(Columns { text, text_pair, label })
    }

    /// The place of a column in the header.
    pub(super) fn index(&self, column: &str) -> Option<usize> {
        self.names.iter().position(|name| name == column)
    }

    fn label(&self, options: &ReadOptions) -> Result<Option<String>> {
        match (&options.label_column, options.labels) {
            (_, LabelUse::Ignored) => Ok(None),
            (Some(name), _) => self.named("label", name).map(Some),
            (None, LabelUse::IfPresent) => Ok(self.guess(&LABEL)),
            (None, LabelUse::Required) => {
                let missing = || self.missing("label", LABEL.join(", "));
                self.guess(&LABEL).ok_or_else(missing).map(Some)
            }
        }
    }

    fn named(&self, role: &'static str, name: &str) -> Result<String> {
        let found = self.names.iter().find(|known| *known == name).cloned();
        found.ok_or_else(|| self.missing(role, format!("`{name}`")))
    }

    fn guess(&self, guesses: &[&str]) -> Option<String> {
        let find = |guess: &&str| self.names.iter().find(|name| name.eq_ignore_ascii_case(guess));
        guesses.iter().find_map(find).cloned()
    }

    /// The only column that is neither second text nor label.
    fn only_other(&self, text_pair: Option<&String>, label: Option<&String>) -> Option<String> {
        let mut others =
            self.names.iter().filter(|name| Some(*name) != text_pair && Some(*name) != label);
        let first = others.next()?;
        others.next().is_none().then(|| first.clone())
    }

    fn missing(&self, role: &'static str, expected: String) -> Error {
        let found = self.names.to_vec();
        Error::MissingColumn { file: self.source.to_owned(), role, expected, found }
    }
}
