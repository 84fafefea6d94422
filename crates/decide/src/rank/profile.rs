//! Readers and items as texts.

use std::collections::HashMap;

/// What tells how likely a reader clicks an item from two texts: a model fine-tuned on such pairs.
pub trait ClickModel {
    /// Why it cannot.
    type Error: std::error::Error;

    /// The probability of a click for each pair (profile, item), `[pairs]`, in [0, 1].
    ///
    /// # Errors
    /// The model's own.
    fn click(&mut self, pairs: &[(&str, &str)]) -> Result<Vec<f64>, Self::Error>;
}

/// The texts of items by id.
#[derive(Debug, Clone, Default)]
pub struct Catalogue(HashMap<String, String>);

/// What a reader's profile is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProfileKind {
    /// The titles of the last items.
    #[default]
    Titles,
    /// Their terms, each once, as what the reader enjoys; of an item without terms its title.
    Terms,
}

/// A reader as a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// What a model reads; `None` without a known item: then the other signals decide alone.
    pub text: Option<String>,
    /// Items of the history that the catalogue lacks.
    pub unknown: Vec<String>,
}

impl Catalogue {
    /// Of (id, text); of a repeated id the last text counts.
    pub fn new(items: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(items.into_iter().collect())
    }

    /// The text of an item.
    #[must_use]
    pub fn text(&self, item: &str) -> Option<&str> {
        self.0.get(item).map(String::as_str)
    }

    /// The last `limit` known items of a history, oldest first, each once (where it last stands), their
    /// texts between semicolons.
    ///
    /// ```
    /// use tunewise_decide::rank::Catalogue;
    ///
    /// let texts = [("a", "sea birds"), ("b", "old maps")];
    /// let catalogue = Catalogue::new(texts.map(|(id, text)| (id.to_owned(), text.to_owned())));
    /// let profile = catalogue.profile(&["b", "x", "a", "b"], 20);
    /// assert_eq!(profile.text.as_deref(), Some("sea birds; old maps"));
    /// assert_eq!(profile.unknown, ["x"]);
    /// assert_eq!(catalogue.profile(&[], 20).text, None);
    /// ```
    #[must_use]
    pub fn profile(&self, history: &[&str], limit: usize) -> Profile {
        let (latest, unknown) = self.latest(history, limit);
        let texts: Vec<&str> = latest.into_iter().map(|(_, text)| text).collect();
        Profile { text: (!texts.is_empty()).then(|| texts.join("; ")), unknown }
    }

    /// The last `limit` known items of a history with their texts, oldest first, each once, and the
    /// unknown ones.
    pub(super) fn latest<'a>(
        &'a self,
        history: &[&'a str],
        limit: usize,
    ) -> (Vec<(&'a str, &'a str)>, Vec<String>) {
        let (mut latest, mut unknown): (Vec<(&str, &str)>, Vec<String>) = (Vec::new(), Vec::new());
        for &item in history.iter().rev() {
            match self.text(item) {
                Some(text) if !latest.iter().any(|(known, _)| *known == item) => {
                    latest.push((item, text));
                }
                Some(_) => {}
                None => unknown.push(item.to_owned()),
            }
        }
        latest.truncate(limit);
        latest.reverse();
        unknown.reverse();
        (latest, unknown)
    }
}
