//! Writing a scenario; every `f64` comes back as the same bits.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::entry::Entry;
use super::{SCHEMA_VERSION, Scenario};
use crate::Parameter;

impl Scenario {
    /// The scenario as TOML, long names.
    ///
    /// ```
    /// use tunewise_cost::{Inputs, Scenario};
    ///
    /// assert!(Scenario::new(Inputs::default()).to_toml().contains("[feedback]\n"));
    /// ```
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut text = format!("schema_version = {SCHEMA_VERSION}\n");
        for (key, words) in [("name", &self.name), ("description", &self.description)] {
            if !words.is_empty() {
                text += &format!("{key} = {}\n", toml_string(words));
            }
        }
        let mut table = "";
        for parameter in Parameter::ALL {
            let (of, key) = parameter.name().split_once('.').unwrap_or(("", parameter.name()));
            if of != table {
                text += &format!("\n[{of}]\n");
                table = of;
            }
            text += &format!("{key} = {}\n", self.toml_value(parameter));
        }
        if self.model != crate::Model::default() {
            text += "\n[model]\n";
            text += &toml::to_string(&self.model).unwrap_or_default();
        }
        if !self.uncertainty.is_empty() {
            let table = BTreeMap::from([("uncertainty", &self.uncertainty)]);
            text += "\n";
            text += &toml::to_string(&table).unwrap_or_default();
        }
        text
    }

    fn toml_value(&self, parameter: Parameter) -> String {
        let value = toml_float(self.inputs.get(parameter));
        let Some(note) = self.notes.get(&parameter) else { return value };
        let parts = note.parts().map(|(key, words)| format!(", {key} = {}", toml_string(words)));
        format!("{{ value = {value}{} }}", parts.collect::<String>())
    }

    /// The scenario as JSON, long names.
    ///
    /// ```
    /// use tunewise_cost::{Inputs, Scenario};
    ///
    /// let text = Scenario::new(Inputs::default()).to_json();
    /// assert!(text.starts_with("{\n  \"schema_version\": 1,"));
    /// ```
    #[must_use]
    pub fn to_json(&self) -> String {
        format!("{:#}", self.json_value())
    }

    fn json_value(&self) -> Value {
        let mut root = Map::new();
        root.insert("schema_version".to_owned(), json!(SCHEMA_VERSION));
        for (key, words) in [("name", &self.name), ("description", &self.description)] {
            if !words.is_empty() {
                root.insert(key.to_owned(), json!(words));
            }
        }
        for parameter in Parameter::ALL {
            let note = self.notes.get(&parameter).cloned().unwrap_or_default();
            let entry = json!(Entry { value: self.inputs.get(parameter), note });
            match parameter.name().split_once('.') {
                None => root.insert(parameter.name().to_owned(), entry),
                Some((table, key)) => {
                    let table = root.entry(table).or_insert_with(|| Value::Object(Map::new()));
                    table.as_object_mut().and_then(|table| table.insert(key.to_owned(), entry))
                }
            };
        }
        if self.model != crate::Model::default() {
            root.insert("model".to_owned(), json!(self.model));
        }
        if !self.uncertainty.is_empty() {
            root.insert("uncertainty".to_owned(), json!(self.uncertainty));
        }
        Value::Object(root)
    }
}

/// The shortest digits that give the same bits; an exponent where the plain form would be long.
fn toml_float(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-5..1e16).contains(&size) {
        format!("{value:e}")
    } else {
        format!("{value:?}")
    }
}

fn toml_string(words: &str) -> String {
    toml::Value::from(words).to_string()
}
