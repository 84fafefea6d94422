//! The report as scikit-learn's `output_dict`.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::report::{ClassificationReport, Score};

/// A value of the dictionary.
#[derive(Clone, Copy, Serialize)]
#[serde(untagged)]
enum Entry {
    Scores(Score),
    Accuracy(f64),
}

/// The keys and values of the dictionary. As in a Python dictionary, equal keys are one entry in the
/// place of the first with the value of the last.
fn entries(report: &ClassificationReport) -> Vec<(&str, Entry)> {
    let mut entries: Vec<(&str, Entry)> = Vec::new();
    let mut set = |key, value| match entries.iter_mut().find(|(known, _)| *known == key) {
        Some(entry) => entry.1 = value,
        None => entries.push((key, value)),
    };
    for row in &report.classes {
        set(row.name.as_str(), Entry::Scores(row.score));
    }
    if let Some(accuracy) = report.accuracy {
        set("accuracy", Entry::Accuracy(accuracy));
    }
    for (name, score) in report.averages() {
        set(name, Entry::Scores(*score));
    }
    // scikit-learn replaces whatever is called so, a class too, by its precision.
    if let Some((_, entry)) = entries.iter_mut().find(|(key, _)| *key == "accuracy")
        && let Entry::Scores(score) = entry
    {
        *entry = Entry::Accuracy(score.precision);
    }
    entries
}

impl Serialize for ClassificationReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in entries(self) {
            map.serialize_entry(key, &value)?;
        }
        map.end()
    }
}
