//! The shape of a file: long names in tables, or letters in one flat table.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::entry::Entry;
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

/// Every key that a file may have. The letters of D and P are aliases, those of the rest stand at
/// the top; a table takes its own letters too.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ScenarioFile {
    schema_version: Option<u32>,
    name: String,
    description: String,
    model: Model,
    #[serde(alias = "D")]
    data_volume: Slot,
    #[serde(alias = "P")]
    param_count: Slot,
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
    #[serde(alias = "a")]
    training_effect: Slot,
    #[serde(alias = "b")]
    training_time: Slot,
    #[serde(alias = "c")]
    annotation_cost: Slot,
    #[serde(alias = "d")]
    promotion: Slot,
    e: Slot,
    f: Slot,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct AnnotationTable {
    #[serde(alias = "k1")]
    per_sample: Slot,
    #[serde(alias = "k2")]
    fixed: Slot,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct TrainingTimeTable {
    #[serde(alias = "l")]
    per_parameter: Slot,
    #[serde(alias = "m")]
    fixed: Slot,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PromotionTable {
    #[serde(alias = "n1")]
    per_training_effect: Slot,
    #[serde(alias = "n2")]
    fixed: Slot,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FeedbackTable {
    #[serde(alias = "o")]
    per_effectiveness: Slot,
    #[serde(alias = "p")]
    baseline: Slot,
}

impl ScenarioFile {
    pub(super) fn into_scenario(self) -> Result<Scenario, ScenarioError> {
        if let Some(got) = self.schema_version.filter(|&got| got > SCHEMA_VERSION) {
            return Err(ScenarioError::Version { got });
        }
        let mut scenario = Scenario {
            name: self.name.clone(),
            description: self.description.clone(),
            inputs: Inputs::default(),
            notes: BTreeMap::new(),
            model: self.model,
            uncertainty: self.uncertainty.clone(),
        };
        scenario.uncertainty.values().try_for_each(|it| it.law().map(drop))?;
        for (parameter, entries) in Parameter::ALL.into_iter().zip(self.entries()) {
            let Entry { value, note } = only(parameter, entries)?;
            parameter.check(value)?;
            scenario.inputs.set(parameter, value);
            if !note.is_empty() {
                scenario.notes.insert(parameter, note);
            }
        }
        Ok(scenario)
    }

    /// What stands under the name and under the letter, in the order of [`Parameter::ALL`].
    fn entries(self) -> [[Slot; 2]; Parameter::COUNT] {
        let (weights, annotation) = (self.weights, self.annotation);
        let (time, promotion, feedback) = (self.training_time, self.promotion, self.feedback);
        [
            [self.data_volume, Slot(None)],
            [self.param_count, Slot(None)],
            [weights.training_effect, self.a],
            [weights.training_time, self.b],
            [weights.annotation_cost, self.c],
            [weights.promotion, self.d],
            [weights.e, self.e],
            [weights.f, self.f],
            [annotation.per_sample, self.k1],
            [annotation.fixed, self.k2],
            [time.per_parameter, self.l],
            [time.fixed, self.m],
            [promotion.per_training_effect, self.n1],
            [promotion.fixed, self.n2],
            [feedback.per_effectiveness, self.o],
            [feedback.baseline, self.p],
        ]
    }
}

fn only(parameter: Parameter, entries: [Slot; 2]) -> Result<Entry, ScenarioError> {
    match entries.map(|slot| slot.0) {
        [Some(_), Some(_)] => Err(ScenarioError::Twice { parameter }),
        [Some(entry), None] | [None, Some(entry)] => Ok(entry),
        [None, None] if matches!(parameter, Parameter::WeightE | Parameter::WeightF) => {
            Ok(Entry::default())
        }
        [None, None] => Err(ScenarioError::Missing { parameter }),
    }
}
