//! What there is to recommend.

use std::collections::{BTreeMap, HashMap};
use std::io::BufRead;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::profile::{Catalogue, Profile, ProfileKind};
use crate::error::Fault;
use crate::json::{name, object_lines, text, value, words};
use crate::{Error, Result};

/// Milliseconds of a day.
const DAY: f64 = 86_400_000.0;

/// An item of a catalogue.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// What it is known by.
    pub item: String,
    /// What it is called; readers' profiles are made of titles, or of terms ([`ProfileKind`]).
    pub title: String,
    /// What a click model reads of it.
    pub text: String,
    /// Words or tags; items that share them are alike.
    pub terms: Vec<String>,
    /// When it came out, milliseconds since 1970.
    pub published: Option<i64>,
    /// How often it was clicked before the sessions.
    pub clicks: Option<u64>,
    /// Other numbers, such as a price, by name.
    pub signals: BTreeMap<String, f64>,
}

/// How old items become less new: after so many days half as new, again and again.
const HALF_NEW_DAYS: f64 = 30.0;

impl Item {
    /// The signal `name` at a time in milliseconds since 1970: `popularity`, `recency`, or one of
    /// [`Item::signals`].
    ///
    /// # Errors
    /// The key that it needs and the item lacks.
    ///
    /// # Formula
    /// ```text
    /// popularity = ln(1 + clicks)        recency = 0.5^(days since published / 30), 1 before
    /// ```
    pub fn signal(&self, name: &str, time: i64) -> Result<f64, Fault> {
        match name {
            "popularity" => {
                let clicks = self.clicks.ok_or(Fault::Missing("clicks"))?;
                Ok((1.0 + clicks as f64).ln())
            }
            "recency" => {
                let published = self.published.ok_or(Fault::Missing("published"))?;
                let days = time.saturating_sub(published) as f64 / DAY;
                Ok(0.5f64.powf(days.max(0.0) / HALF_NEW_DAYS))
            }
            _ => self.signals.get(name).copied().ok_or_else(|| Fault::Value {
                key: format!("signals.{name}"),
                got: "null".to_owned(),
                expected: "a number; the names that need none are popularity and recency",
            }),
        }
    }
}

/// A catalogue of items, and where each stands in its file.
#[derive(Debug, Clone, Default)]
pub struct Shelf {
    source: String,
    items: HashMap<String, (u64, Item)>,
    titles: Catalogue,
    kind: ProfileKind,
}

impl Shelf {
    /// Reads an object a line: `item`, `title` and, if there, `text` (else the title), a list `terms`,
    /// `published` (a date, or a time with an offset), `clicks` and an object `signals` of numbers. Other keys
    /// are left alone; `source` names the input in messages.
    ///
    /// # Errors
    /// [`Error::Line`] naming the line and key, an item that stands twice included; [`Error::Io`].
    ///
    /// ```
    /// use tunewise_decide::rank::Shelf;
    ///
    /// # fn main() -> tunewise_decide::Result<()> {
    /// let line = r#"{"item": "a", "title": "Sea birds", "published": "2026-03-01", "clicks": 12}"#;
    /// let shelf = Shelf::read(line.as_bytes(), "items.jsonl")?;
    /// let item = shelf.item("a").unwrap();
    /// assert_eq!((item.text.as_str(), item.clicks), ("Sea birds", Some(12)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn read(input: impl BufRead, source: &str) -> Result<Self> {
        let mut items = HashMap::new();
        for line in object_lines(input, source) {
            let (number, object) = line?;
            let at = |fault| Error::Line { file: source.to_owned(), line: number, source: fault };
            let item = parse(&object).map_err(at)?;
            if items.contains_key(&item.item) {
                return Err(at(value("item", &Value::from(item.item), "an item once")));
            }
            items.insert(item.item.clone(), (number, item));
        }
        let title = |(_, item): &(u64, Item)| (item.item.clone(), item.title.clone());
        let titles = Catalogue::new(items.values().map(title));
        Ok(Self { source: source.to_owned(), items, titles, kind: ProfileKind::Titles })
    }

    /// An item.
    #[must_use]
    pub fn item(&self, id: &str) -> Option<&Item> {
        self.items.get(id).map(|(_, item)| item)
    }

    /// How often each item was clicked before, 0 if that is not known.
    #[must_use]
    pub fn popularity(&self) -> BTreeMap<String, u64> {
        let one = |(_, item): &(u64, Item)| (item.item.clone(), item.clicks.unwrap_or_default());
        self.items.values().map(one).collect()
    }

    /// With profiles of that kind; [`ProfileKind::Titles`] unless said.
    ///
    /// ```
    /// use tunewise_decide::rank::{ProfileKind, Shelf};
    ///
    /// # fn main() -> tunewise_decide::Result<()> {
    /// let lines = r#"{"item": "a", "title": "Sea birds", "terms": ["sea", "birds"]}
    /// {"item": "b", "title": "Old maps", "terms": ["sea", "maps"]}"#;
    /// let shelf = Shelf::read(lines.as_bytes(), "items.jsonl")?.with_profiles(ProfileKind::Terms);
    /// let profile = shelf.profile(&["a".to_owned(), "b".to_owned()], 8);
    /// assert_eq!(profile.text.as_deref(), Some("Enjoys sea, birds, maps."));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_profiles(self, kind: ProfileKind) -> Self {
        Self { kind, ..self }
    }

    /// The profile of a history: of its last `limit` known items.
    #[must_use]
    pub fn profile(&self, history: &[String], limit: usize) -> Profile {
        let history: Vec<&str> = history.iter().map(String::as_str).collect();
        if self.kind == ProfileKind::Titles {
            return self.titles.profile(&history, limit);
        }
        let (latest, unknown) = self.titles.latest(&history, limit);
        let mut terms: Vec<&str> = Vec::new();
        for (item, title) in latest {
            let of = self.item(item).map_or(&[][..], |item| &item.terms);
            let title = of.is_empty().then_some(title);
            for term in of.iter().map(String::as_str).chain(title) {
                if !terms.contains(&term) {
                    terms.push(term);
                }
            }
        }
        let text = (!terms.is_empty()).then(|| format!("Enjoys {}.", terms.join(", ")));
        Profile { text, unknown }
    }

    /// A fault of an item, with its line.
    pub(super) fn fault(&self, item: &str, source: Fault) -> Error {
        let line = self.items.get(item).map_or(0, |(line, _)| *line);
        Error::Line { file: self.source.clone(), line, source }
    }
}

fn parse(object: &Map<String, Value>) -> Result<Item, Fault> {
    let title = text(object, "title")?;
    let signals = match object.get("signals") {
        None | Some(Value::Null) => BTreeMap::new(),
        Some(Value::Object(signals)) => signals.iter().map(signal).collect::<Result<_, Fault>>()?,
        Some(other) => return Err(value("signals", other, "an object of numbers")),
    };
    Ok(Item {
        item: name(object, "item")?,
        text: if object.contains_key("text") { text(object, "text")? } else { title.clone() },
        title,
        terms: words(object, "terms")?,
        published: object.get("published").filter(|it| !it.is_null()).map(published).transpose()?,
        clicks: object.get("clicks").filter(|it| !it.is_null()).map(clicks).transpose()?,
        signals,
    })
}

fn signal((name, given): (&String, &Value)) -> Result<(String, f64), Fault> {
    let number = given.as_f64().filter(|number| number.is_finite());
    let number = number.ok_or_else(|| value(&format!("signals.{name}"), given, "a number"))?;
    Ok((name.clone(), number))
}

fn clicks(given: &Value) -> Result<u64, Fault> {
    given.as_u64().ok_or_else(|| value("clicks", given, "a whole number of 0 or more"))
}

fn published(given: &Value) -> Result<i64, Fault> {
    let text = given.as_str().unwrap_or_default().trim();
    let date = || format!("{text}T00:00:00Z").parse::<Timestamp>().ok();
    let time = text.parse::<Timestamp>().ok().or_else(date);
    let expected = "a date such as \"2026-03-01\", or a time with an offset";
    Ok(time.ok_or_else(|| value("published", given, expected))?.as_millisecond())
}
