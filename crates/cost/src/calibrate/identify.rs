//! Which parameters effectiveness alone can tell apart.

use super::{FitError, Result};
use crate::Parameter;
use crate::Parameter::{
    AnnotationFixed, AnnotationPerSample, DataVolume, FeedbackBaseline, FeedbackSlope, ParamCount,
    PromotionFixed, PromotionPerEffect, TimeFixed, TimePerParameter, WeightB, WeightC, WeightD,
    WeightE, WeightF,
};

/// Parameters that must not all be free, and why: each set has a direction that leaves E as it is.
const GAUGES: [(&[Parameter], &str); 5] = [
    (
        &[WeightD, FeedbackSlope, FeedbackBaseline],
        "(d, o, p) times any factor gives the same E; fix p = 1",
    ),
    (
        &[WeightD, PromotionPerEffect, PromotionFixed],
        "only d*n1 and d*n2 enter; calibrate the promotion cost from its own data",
    ),
    (
        &[WeightB, TimePerParameter],
        "only b*l and b*m + c*k2 enter; calibrate the training time from its own data",
    ),
    (
        &[WeightC, AnnotationPerSample],
        "only c*k1 and b*m + c*k2 enter; calibrate the annotation cost from its own data",
    ),
    (&[TimeFixed, AnnotationFixed], "only b*m + c*k2 enters"),
];

/// Refuses sets with a known gauge, and inputs that are data or have no term.
pub(super) fn check_identified(free: &[Parameter]) -> Result<()> {
    let refuse = |parameters: &[Parameter], reason| {
        let letters: Vec<&str> = parameters.iter().map(|one| one.letter()).collect();
        Err(FitError::NotIdentified { parameters: letters.join(", "), reason })
    };
    for (index, parameter) in free.iter().enumerate() {
        match parameter {
            DataVolume | ParamCount => return refuse(&[*parameter], "it is measured in each row"),
            WeightE | WeightF => return refuse(&[*parameter], "the formula does not use it"),
            _ if free.iter().take(index).any(|one| one == parameter) => {
                return refuse(&[*parameter], "it is listed twice");
            }
            _ => {}
        }
    }
    match GAUGES.iter().find(|(set, _)| set.iter().all(|one| free.contains(one))) {
        Some((set, reason)) => refuse(set, reason),
        None => Ok(()),
    }
}
