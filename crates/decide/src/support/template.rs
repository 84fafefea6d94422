//! Answers with gaps that the question fills.

use std::collections::BTreeMap;

use regex::{Regex, RegexBuilder};
use serde::Deserialize;

use crate::error::{argument, toml_fault};
use crate::{Error, Result};

/// Bytes that a compiled pattern may take.
const PATTERN_LIMIT: usize = 1 << 20;

/// An answer for each intent, with slots such as `{order_id}` that are found in the question by a
/// pattern.
///
/// ```
/// use tunewise_decide::support::Templates;
///
/// # fn main() -> tunewise_decide::Result<()> {
/// let text = r#"
/// [slots.order_id]
/// pattern = '\b[A-Z]{2}-\d{6}\b'
/// ask = "Which order is it? The number looks like AB-123456."
/// [intents]
/// order_status = "Order {order_id} is on its way."
/// "#;
/// let templates = Templates::from_toml(text, "templates.toml")?;
/// let filled = templates.fill("order_status", "Where is ab-204518?").unwrap();
/// assert_eq!(filled.text, "Order AB-204518 is on its way.");
/// let asked = templates.fill("order_status", "Where is my order?").unwrap();
/// assert_eq!((asked.text.as_str(), asked.missing.as_slice()),
///     ("Which order is it? The number looks like AB-123456.", &["order_id".to_owned()][..]));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Templates {
    source: String,
    slots: BTreeMap<String, Slot>,
    intents: BTreeMap<String, Vec<Piece>>,
}

#[derive(Debug)]
struct Slot {
    pattern: Regex,
    ask: String,
}

#[derive(Debug, PartialEq)]
enum Piece {
    Text(String),
    Slot(String),
}

/// A template with its slots filled, or what has to be asked first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    /// What is sent: the answer, or the questions for what is missing.
    pub text: String,
    /// What was found in the question.
    pub slots: BTreeMap<String, String>,
    /// Slots of which the question has no value, or several.
    pub missing: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    slots: BTreeMap<String, SlotEntry>,
    intents: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SlotEntry {
    pattern: String,
    ask: String,
}

impl Templates {
    /// Reads a TOML text: a table `intents` of answers by name, and a table `slots` with a `pattern` (a
    /// regular expression; its first group, if it has one, is the value) and what to `ask` where a
    /// question has no such part, or several that differ. Letters match in either case and a value is put
    /// in capitals. `{{` and `}}` stand for braces. `source` names the text in messages.
    ///
    /// # Errors
    /// [`Error::State`] with line and column for a text that is not that; [`Error::Argument`] naming the
    /// slot or intent for a pattern that does not compile or matches nothing at all, a slot that is not
    /// defined, a brace without its partner, an empty answer.
    pub fn from_toml(text: &str, source: &str) -> Result<Self> {
        let file: File = toml::from_str(text).map_err(|error| toml_fault(source, &error))?;
        let slots: BTreeMap<String, Slot> = file
            .slots
            .into_iter()
            .map(|(name, entry)| Slot::new(name, entry))
            .collect::<Result<_>>()?;
        let mut intents = BTreeMap::new();
        for (intent, answer) in file.intents {
            let pieces = pieces(&answer)
                .map_err(|fault| argument(&format!("intents.{intent}"), fault, "a template"))?;
            for piece in &pieces {
                if let Piece::Slot(name) = piece
                    && !slots.contains_key(name)
                {
                    let known = slots.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                    let expected = format!("one of the slots ({known})");
                    return Err(argument(
                        &format!("intents.{intent}"),
                        format!("`{{{name}}}`"),
                        &expected,
                    ));
                }
            }
            if answer.trim().is_empty() {
                return Err(argument(&format!("intents.{intent}"), "empty", "an answer"));
            }
            intents.insert(intent, pieces);
        }
        Ok(Self { source: source.to_owned(), slots, intents })
    }

    /// Whether every template is of an intent that the model has.
    ///
    /// # Errors
    /// [`Error::State`] naming those that are not, and what the model has.
    pub fn check(&self, intents: &[String]) -> Result<()> {
        let unknown = |name: &&String| !intents.contains(name);
        let unknown: Vec<_> =
            self.intents.keys().filter(unknown).map(|name| format!("`{name}`")).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let what = format!(
            "answers for {}, which the model does not know; its intents are {}",
            unknown.join(", "),
            intents.join(", ")
        );
        Err(Error::State { file: self.source.clone(), what })
    }

    /// Whether there is an answer for the intent.
    #[must_use]
    pub fn has(&self, intent: &str) -> bool {
        self.intents.contains_key(intent)
    }

    /// The intent's answer to a question; `None` without a template.
    #[must_use]
    pub fn fill(&self, intent: &str, question: &str) -> Option<Filled> {
        let pieces = self.intents.get(intent)?;
        let (mut slots, mut missing, mut text) = (BTreeMap::new(), Vec::new(), String::new());
        for piece in pieces {
            match piece {
                Piece::Text(words) => text.push_str(words),
                Piece::Slot(name) => {
                    match self.slots.get(name).and_then(|slot| slot.find(question)) {
                        Some(value) => {
                            text.push_str(&value);
                            slots.insert(name.clone(), value);
                        }
                        None if missing.contains(name) => {}
                        None => missing.push(name.clone()),
                    }
                }
            }
        }
        if !missing.is_empty() {
            let ask = |name: &String| self.slots.get(name).map(|slot| slot.ask.as_str());
            text = missing.iter().filter_map(ask).collect::<Vec<_>>().join(" ");
        }
        Some(Filled { text, slots, missing })
    }
}

impl Slot {
    fn new(name: String, entry: SlotEntry) -> Result<(String, Self)> {
        let key = format!("slots.{name}.pattern");
        let pattern = RegexBuilder::new(&entry.pattern)
            .case_insensitive(true)
            .size_limit(PATTERN_LIMIT)
            .build()
            .map_err(|error| argument(&key, error, "a regular expression"))?;
        if pattern.is_match("") {
            return Err(argument(&key, entry.pattern, "a pattern that needs at least a character"));
        }
        if entry.ask.trim().is_empty() {
            return Err(argument(&format!("slots.{name}.ask"), "empty", "a question"));
        }
        Ok((name, Self { pattern, ask: entry.ask }))
    }

    /// The one value in the question.
    fn find(&self, question: &str) -> Option<String> {
        let mut values = self.pattern.captures_iter(question).filter_map(|found| {
            let value = found.get(1).or_else(|| found.get(0))?.as_str().to_uppercase();
            (!value.is_empty()).then_some(value)
        });
        let first = values.next()?;
        values.all(|value| value == first).then_some(first)
    }
}

fn pieces(template: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let (mut text, mut rest) = (String::new(), template);
    while let Some(place) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(place);
        text.push_str(before);
        if let Some(after) = from.strip_prefix("{{").or_else(|| from.strip_prefix("}}")) {
            text.extend(from.chars().next());
            rest = after;
            continue;
        }
        let inner = from.strip_prefix('{').ok_or("a `}` without its `{`")?;
        let (name, after) = inner.split_once('}').ok_or("a `{` without its `}`")?;
        if !text.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut text)));
        }
        pieces.push(Piece::Slot(name.trim().to_owned()));
        rest = after;
    }
    text.push_str(rest);
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_come_in_pairs() {
        let slot = |name: &str| Piece::Slot(name.to_owned());
        let text = |words: &str| Piece::Text(words.to_owned());
        assert_eq!(pieces("a {b} {{c}}").unwrap(), [text("a "), slot("b"), text(" {c}")]);
        assert_eq!(pieces("{ b }{b}").unwrap(), [slot("b"), slot("b")]);
        assert_eq!(pieces("a { b").unwrap_err(), "a `{` without its `}`");
        assert_eq!(pieces("a } b").unwrap_err(), "a `}` without its `{`");
    }
}
