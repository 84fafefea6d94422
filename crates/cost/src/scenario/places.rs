//! On which line of a file a key stands: for messages, after the file has been read.

use toml::de::{DeTable, DeValue};

use crate::Parameter;

/// A text and how it is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Text<'a> {
    Toml(&'a str),
    Json(&'a str),
}

/// The keys of a file, tables joined by dots, each with its line from 1.
#[derive(Debug, PartialEq)]
pub(super) struct Places {
    keys: Vec<(String, usize)>,
    last: usize,
}

impl Places {
    pub(super) fn of(text: Text<'_>) -> Self {
        let (written, keys) = match text {
            Text::Toml(written) => (written, toml_keys(written)),
            Text::Json(written) => (written, json_keys(written)),
        };
        Self { keys, last: written.trim_end().lines().count().max(1) }
    }

    /// The first and the last line on which a parameter is given, by name or by letter.
    pub(super) fn given(&self, parameter: Parameter) -> Option<(usize, usize)> {
        let (name, letter) = (parameter.name(), parameter.letter());
        let (table, _) = name.split_once('.').unwrap_or_default();
        let in_table = format!("{table}.{letter}");
        let here = |key: &str| key == name || key == letter || key == in_table;
        let lines = || self.keys.iter().filter(|(key, _)| here(key)).map(|(_, line)| *line);
        Some((lines().min()?, lines().max()?))
    }

    /// Where a parameter that is not there should be: at its table, else at the end of the file.
    pub(super) fn missing(&self, parameter: Parameter) -> usize {
        let table = parameter.name().split_once('.').and_then(|(table, _)| self.line(table));
        table.unwrap_or(self.last)
    }

    /// The line of a key.
    pub(super) fn line(&self, key: &str) -> Option<usize> {
        self.keys.iter().find(|(one, _)| one == key).map(|(_, line)| *line)
    }

    /// The line of an entry of the table `uncertainty`, by name or by letter.
    pub(super) fn uncertain(&self, parameter: Parameter) -> usize {
        let entry = |written: &str| self.line(&format!("uncertainty.{written}"));
        entry(parameter.name()).or_else(|| entry(parameter.letter())).unwrap_or(self.last)
    }
}

fn toml_keys(text: &str) -> Vec<(String, usize)> {
    let mut keys = Vec::new();
    if let Ok(document) = DeTable::parse(text) {
        collect(document.get_ref(), "", text, &mut keys);
    }
    keys
}

fn collect(table: &DeTable<'_>, prefix: &str, text: &str, keys: &mut Vec<(String, usize)>) {
    for (key, value) in table {
        let before = text.get(..key.span().start).unwrap_or_default();
        let path = joined(prefix, key.get_ref());
        if let DeValue::Table(inner) = value.get_ref() {
            collect(inner, &path, text, keys);
        }
        keys.push((path, 1 + before.matches('\n').count()));
    }
}

/// The keys of a text that is known to be JSON: strings before a colon.
fn json_keys(text: &str) -> Vec<(String, usize)> {
    let mut keys = Vec::new();
    let mut tables: Vec<String> = Vec::new();
    let (mut line, mut path) = (1, String::new());
    let mut rest = text;
    while let Some(at) = rest.find(['"', '{', '}', ':', '\n']) {
        let (_, from) = rest.split_at(at);
        let mut after = from.get(1..).unwrap_or_default();
        match from.as_bytes().first() {
            Some(b'\n') => line += 1,
            Some(b'{') => tables.push(std::mem::take(&mut path)),
            Some(b'}') => drop(tables.pop()),
            Some(b':') => keys.push((path.clone(), line)),
            _ => {
                let end = closing(after);
                let written = after.get(..end).unwrap_or_default();
                path = joined(tables.last().map_or("", String::as_str), written);
                after = after.get(end + 1..).unwrap_or_default();
            }
        }
        rest = after;
    }
    keys
}

/// Where the string ends whose opening quote is just before.
fn closing(text: &str) -> usize {
    let mut escaped = false;
    let ends = |&(_, byte): &(usize, u8)| {
        let end = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        end
    };
    text.bytes().enumerate().find(ends).map_or(text.len(), |(at, _)| at)
}

fn joined(table: &str, key: &str) -> String {
    if table.is_empty() { key.to_owned() } else { format!("{table}.{key}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_have_the_same_keys() {
        let toml = "D = 1\n\n[weights]\n# \"a\": no key\na = { value = 1, source = \"x: {\\\"y\\\": 1}\" }\n";
        let json = "{\"D\": 1,\n\n\"weights\": {\n\n\"a\": {\"value\": 1, \"source\": \"x: {\\\"y\\\": 1}\"}}}\n";
        let sorted = |text| {
            let mut places = Places::of(text);
            places.keys.sort();
            places
        };
        let expected = [("D", 1), ("weights", 3), ("weights.a", 5)];
        for text in [Text::Toml(toml), Text::Json(json)] {
            let places = sorted(text);
            assert_eq!(places.last, 5);
            let of = |key: &str| !key.starts_with("weights.a.");
            let keys: Vec<_> = places.keys.iter().filter(|(key, _)| of(key)).collect();
            let found: Vec<_> = keys.iter().map(|(key, line)| (&key[..], *line)).collect();
            assert_eq!(found, expected);
            assert_eq!(places.given(Parameter::WeightA), Some((5, 5)));
            assert_eq!(places.missing(Parameter::WeightB), 3);
            assert_eq!(places.missing(Parameter::FeedbackSlope), 5);
        }
        assert_eq!(sorted(Text::Toml(toml)), sorted(Text::Json(json)));
    }
}
