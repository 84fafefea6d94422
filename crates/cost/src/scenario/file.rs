//! The shape of a file: long names in tables, or letters in one flat table.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::entry::Entry;
use super::places::{Places, Text};
use super::{SCHEMA_VERSION, Scenario, ScenarioError};
use crate::uncertainty::Uncertainty;
use crate::{Inputs, Model, Parameter};

/// A place for an entry. A key that is there must hold one: JSON's `null` is no number.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Entry")]
struct Slot(Option<Entry>);

impl From<Entry> for Slot {
    fn from(entry: Entry) -> Self {
        Self(Some(entry))
    }
}

/// Every key that a file may have. Letters stand at the top; a table takes its own letters too.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ScenarioFile {
    schema_version: Option<u32>,
    name: String,
    description: String,
    model: Model,
    data_volume: Slot,
    #[serde(rename = "D")]
    samples: Slot,
    param_count: Slot,
    #[serde(rename = "P")]
    parameters: Slot,
    weights: WeightsTable,
    annotation: AnnotationTable,
    training_time: TrainingTimeTable,
    promotion: PromotionTable,
    feedback: FeedbackTable,
    uncertainty: Uncertainty,
    a: Slot,
    b: Slot,
    c: Slot,
    d: Slot,
    e: Slot,
    f: Slot,
    k1: Slot,
    k2: Slot,
    l: Slot,
    m: Slot,
    n1: Slot,
    n2: Slot,
    o: Slot,
    p: Slot,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct WeightsTable {
    training_effect: Slot,
    a: Slot,
    training_time: Slot,
    b: Slot,
    annotation_cost: Slot,
    c: Slot,
    promotion: Slot,
    d: Slot,
    e: Slot,
    f: Slot,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct AnnotationTable {
    per_sample: Slot,
    k1: Slot,
    fixed: Slot,
    k2: Slot,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct TrainingTimeTable {
    per_parameter: Slot,
    l: Slot,
    fixed: Slot,
    m: Slot,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PromotionTable {
    per_training_effect: Slot,
    n1: Slot,
    fixed: Slot,
    n2: Slot,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FeedbackTable {
    per_effectiveness: Slot,
    o: Slot,
    baseline: Slot,
    p: Slot,
}

impl ScenarioFile {
    /// The scenario; `text` is what it was read from, to say where a fault is.
    pub(super) fn into_scenario(self, text: Text<'_>) -> Result<Scenario, ScenarioError> {
        if let Some(got) = self.schema_version.filter(|&got| got > SCHEMA_VERSION) {
            let line = Places::of(text).line("schema_version").unwrap_or(1);
            return Err(ScenarioError::Version { got, line });
        }
        let mut scenario = Scenario {
            name: self.name.clone(),
            description: self.description.clone(),
            inputs: Inputs::default(),
            notes: BTreeMap::new(),
            model: self.model,
            uncertainty: self.uncertainty.clone(),
        };
        for (&parameter, distribution) in &scenario.uncertainty {
            let fault = |source| {
                let line = Places::of(text).uncertain(parameter);
                ScenarioError::Value { line, source }
            };
            distribution.law().map_err(fault)?;
        }
        for (parameter, entries) in Parameter::ALL.into_iter().zip(self.entries()) {
            let Entry { value, note } = only(parameter, entries, text)?;
            let fault = |source| {
                let line = Places::of(text).given(parameter).map_or(1, |(first, _)| first);
                ScenarioError::Value { line, source }
            };
            parameter.check(value).map_err(fault)?;
            scenario.inputs.set(parameter, value);
            if !note.is_empty() {
                scenario.notes.insert(parameter, note);
            }
        }
        Ok(scenario)
    }

    /// What stands under the name, under the letter in its table and under the letter at the top, in the
    /// order of [`Parameter::ALL`].
    fn entries(self) -> [[Slot; 3]; Parameter::COUNT] {
        let (weights, annotation) = (self.weights, self.annotation);
        let (time, promotion, feedback) = (self.training_time, self.promotion, self.feedback);
        [
            [self.data_volume, Slot(None), self.samples],
            [self.param_count, Slot(None), self.parameters],
            [weights.training_effect, weights.a, self.a],
            [weights.training_time, weights.b, self.b],
            [weights.annotation_cost, weights.c, self.c],
            [weights.promotion, weights.d, self.d],
            [weights.e, Slot(None), self.e],
            [weights.f, Slot(None), self.f],
            [annotation.per_sample, annotation.k1, self.k1],
            [annotation.fixed, annotation.k2, self.k2],
            [time.per_parameter, time.l, self.l],
            [time.fixed, time.m, self.m],
            [promotion.per_training_effect, promotion.n1, self.n1],
            [promotion.fixed, promotion.n2, self.n2],
            [feedback.per_effectiveness, feedback.o, self.o],
            [feedback.baseline, feedback.p, self.p],
        ]
    }
}

fn only(parameter: Parameter, entries: [Slot; 3], text: Text<'_>) -> Result<Entry, ScenarioError> {
    let mut given = entries.into_iter().filter_map(|slot| slot.0);
    match (given.next(), given.next()) {
        (Some(_), Some(_)) => {
            let (first, line) = Places::of(text).given(parameter).unwrap_or((1, 1));
            Err(ScenarioError::Twice { parameter, line, first })
        }
        (Some(entry), None) => Ok(entry),
        (None, _) if matches!(parameter, Parameter::WeightE | Parameter::WeightF) => {
            Ok(Entry::default())
        }
        (None, _) => {
            let line = Places::of(text).missing(parameter);
            Err(ScenarioError::Missing { parameter, line })
        }
    }
}
