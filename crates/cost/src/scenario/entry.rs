//! A value in a file: a number, or a table with a note.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// What is known of a value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Note {
    /// The unit, such as `USD/review`.
    pub unit: Option<String>,
    /// Where the value is from.
    pub source: Option<String>,
    /// What was assumed where there is no source, or beside it.
    pub assumption: Option<String>,
}

impl Note {
    /// Its parts that are there, by key.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let parts =
            [("unit", &self.unit), ("source", &self.source), ("assumption", &self.assumption)];
        parts.into_iter().filter_map(|(key, text)| text.as_deref().map(|text| (key, text)))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.parts().next().is_none()
    }
}

/// A value with its note.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Entry {
    pub(crate) value: f64,
    pub(crate) note: Note,
}

const KEYS: [&str; 4] = ["value", "unit", "source", "assumption"];

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntryVisitor)
    }
}

struct EntryVisitor;

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = Entry;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a number, or a table with `value`, `unit`, `source`, `assumption`")
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Entry, E> {
        Ok(Entry { value, note: Note::default() })
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Entry, E> {
        self.visit_f64(value as f64)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Entry, E> {
        self.visit_f64(value as f64)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entry, A::Error> {
        let (mut value, mut note) = (None, Note::default());
        while let Some(key) = map.next_key::<String>()? {
            let text = match key.as_str() {
                "value" if value.is_some() => return Err(de::Error::duplicate_field("value")),
                "value" => {
                    value = Some(map.next_value::<f64>()?);
                    continue;
                }
                "unit" => &mut note.unit,
                "source" => &mut note.source,
                "assumption" => &mut note.assumption,
                _ => return Err(de::Error::unknown_field(&key, &KEYS)),
            };
            if text.replace(map.next_value()?).is_some() {
                return Err(de::Error::custom(format_args!("duplicate field `{key}`")));
            }
        }
        let value = value.ok_or_else(|| de::Error::missing_field("value"))?;
        Ok(Entry { value, note })
    }
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.note.is_empty() {
            return serializer.serialize_f64(self.value);
        }
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("value", &self.value)?;
        for (key, text) in self.note.parts() {
            map.serialize_entry(key, text)?;
        }
        map.end()
    }
}
