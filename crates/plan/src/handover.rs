//! The plan as a scenario of the cost model.

use std::collections::BTreeMap;

use tunewise_cost::{Annotation, Feedback, Inputs, Note, Parameter, Scenario, Weights};

use crate::forecast::{Candidate, ModelView};

/// What the scenario says of itself.
const DESCRIPTION: &str = "D, P, C and T are those of a plan from pilot runs; the other constants are the price list's, or assumptions named beside them.";

/// The scenario of a candidate, for `cost solve`.
///
/// Where the price list has no weights, effectiveness is the net benefit in points of quality: the plan's
/// expected quality, less what labels and machine cost at the price of a point if there is one; promotion
/// and feedback play no part.
pub(crate) fn scenario(view: &ModelView<'_>, plan: &Candidate) -> Scenario {
    let prices = view.setting().prices;
    let points = 100.0 * plan.quality.quality;
    let per_currency = prices.quality.as_ref().filter(|it| it.per_point > 0.0);
    let per_currency = per_currency.map_or(0.0, |it| 1.0 / it.per_point);
    let net_benefit = Weights {
        training_effect: points * plan.parameters / plan.rows,
        training_time: -prices.machine.per_hour * per_currency,
        annotation_cost: -per_currency,
        ..Weights::default()
    };
    let inputs = Inputs {
        data_volume: plan.rows,
        param_count: plan.parameters,
        weights: prices.weights.unwrap_or(net_benefit),
        // C of the labels still to buy, as a line in D: k2 is below 0 by what is labelled already.
        annotation: Annotation {
            per_sample: if plan.new_labels > 0.0 { prices.labels.per_label } else { 0.0 },
            fixed: if plan.new_labels > 0.0 {
                prices.labels.fixed - prices.labels.per_label * view.setting().owned as f64
            } else {
                0.0
            },
        },
        training_time: view.time.at(view.tokens(plan.rows)),
        promotion: prices.promotion.unwrap_or_default(),
        feedback: prices.feedback.unwrap_or(Feedback { per_effectiveness: 0.0, baseline: 1.0 }),
    };
    Scenario {
        name: format!("{} on {} rows", plan.model, plan.rows),
        description: DESCRIPTION.to_owned(),
        inputs,
        notes: notes(view, plan),
        ..Scenario::default()
    }
}

fn notes(view: &ModelView<'_>, plan: &Candidate) -> BTreeMap<Parameter, Note> {
    let prices = view.setting().prices;
    let (currency, pilots) = (&prices.currency, view.pilots.len());
    let source = |unit: String, source: String| Note {
        unit: Some(unit),
        source: Some(source),
        assumption: None,
    };
    let assumed = |unit: &str, assumption: &str| Note {
        unit: Some(unit.to_owned()),
        source: None,
        assumption: Some(assumption.to_owned()),
    };
    let list = |words: &Option<String>| words.clone().unwrap_or_else(|| "price list".to_owned());
    let labels = list(&prices.labels.source);
    let tokens = view.tokens(plan.rows);
    let mut notes = BTreeMap::from([
        (Parameter::DataVolume, source("rows".to_owned(), "the plan".to_owned())),
        (Parameter::ParamCount, source("parameters".to_owned(), plan.model.clone())),
        (Parameter::AnnotationPerSample, source(format!("{currency}/row"), labels.clone())),
        (
            Parameter::AnnotationFixed,
            source(
                currency.clone(),
                format!("{labels}; {} rows are labelled and paid", view.setting().owned),
            ),
        ),
        (
            Parameter::TimePerParameter,
            source("hours/parameter".to_owned(), format!("{pilots} pilots, at {tokens:.0} tokens")),
        ),
        (Parameter::TimeFixed, source("hours".to_owned(), format!("{pilots} pilots"))),
    ]);
    if prices.weights.is_none() {
        let net = "net benefit in points of quality: D/P counts as the plan's expected quality";
        let none = "no price of a point, or the price list's";
        let unused = "not given: plays no part";
        notes.extend([
            (Parameter::WeightA, assumed("points*parameters/row", net)),
            (Parameter::WeightB, assumed("points/hour", none)),
            (Parameter::WeightC, assumed(&format!("points/{currency}"), none)),
            (Parameter::WeightD, assumed("points*index", unused)),
            (Parameter::PromotionPerEffect, assumed(currency, unused)),
            (Parameter::PromotionFixed, assumed(currency, unused)),
            (Parameter::FeedbackSlope, assumed("index/point", unused)),
            (Parameter::FeedbackBaseline, assumed("index", unused)),
        ]);
    }
    notes
}
