//! Break-even: the value of one input that brings a wanted effectiveness, in closed form.

use crate::equilibrium::Reduced;
use crate::numerics::{Dekker, Scaled};
use crate::{Error, Inputs, Model, Parameter, Result, TrainingEffect};

type Number = Scaled<Dekker>;

/// A value at which the wanted E is an equilibrium.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct BreakEven {
    /// The input; its letter in JSON.
    #[serde(rename = "input", serialize_with = "crate::parameter::as_letter")]
    pub parameter: Parameter,
    /// The input's value.
    pub value: f64,
    /// F there.
    pub feedback: f64,
    /// Whether that equilibrium is the economic one: F > 0 and the larger of both.
    pub economic: bool,
    /// Whether the input may have that value.
    pub feasible: bool,
}

impl Model {
    /// The values of one input at which E is `target`, the smaller first; none for e, f and for an
    /// input that does not move E.
    ///
    /// # Formula
    /// F = o·E + p is known, so E = A + d·M/F is linear in every input but P (quadratic), o and p
    /// (from F = G/(E − A)).
    ///
    /// # Errors
    /// As [`Inputs::validate`]; [`Error::Target`] if the target is not finite;
    /// [`Error::TrainingEffect`] for D and P where the training effect is not D/P.
    ///
    /// ```
    /// use tunewise_cost::{Inputs, Model, Parameter};
    ///
    /// # fn main() -> tunewise_cost::Result<()> {
    /// let base = Inputs::default().with(Parameter::WeightA, 2.0);
    /// let found = Model::default().break_even(&base, Parameter::DataVolume, 5.0)?;
    /// assert_eq!(found[0].value, 2.5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn break_even(
        &self,
        inputs: &Inputs,
        parameter: Parameter,
        target: f64,
    ) -> Result<Vec<BreakEven>> {
        inputs.validate()?;
        if !target.is_finite() {
            return Err(Error::Target { value: target });
        }
        let by_size = matches!(parameter, Parameter::DataVolume | Parameter::ParamCount);
        if by_size && self.training_effect != TrainingEffect::Ratio {
            return Err(Error::TrainingEffect { parameter: parameter.name() });
        }
        let wanted = Wanted::new(inputs, self.training_effect, target);
        let mut values: Vec<f64> =
            wanted.values(parameter).into_iter().map(|z| z.to_f64()).collect();
        values.retain(|value| value.is_finite());
        values.sort_by(f64::total_cmp);
        let found = |value| self.judge(&inputs.with(parameter, value), (parameter, value, target));
        Ok(values.into_iter().map(found).collect())
    }

    /// Economic where F > 0 and F ≥ S/2 for the S of the solution.
    fn judge(&self, at: &Inputs, (parameter, value, target): (Parameter, f64, f64)) -> BreakEven {
        let reduced = Reduced::<Dekker>::new(at, self.training_effect);
        let sum = reduced.slope * reduced.autonomous + reduced.baseline;
        let feedback = reduced.slope * Number::from_f64(target) + reduced.baseline;
        BreakEven {
            parameter,
            value,
            feedback: feedback.to_f64(),
            economic: feedback.is_positive() && !(feedback.shifted(1) - sum).is_negative(),
            feasible: parameter.check(value).is_ok(),
        }
    }
}

/// The wanted E with what the scenario has.
struct Wanted<'a> {
    inputs: &'a Inputs,
    reduced: Reduced<Dekker>,
    target: Number,
    feedback: Number,
}

impl<'a> Wanted<'a> {
    fn new(inputs: &'a Inputs, effect: TrainingEffect, target: f64) -> Self {
        let reduced = Reduced::new(inputs, effect);
        let target = Number::from_f64(target);
        let feedback = reduced.slope * target + reduced.baseline;
        Self { inputs, reduced, target, feedback }
    }

    fn input(&self, parameter: Parameter) -> Number {
        Number::from_f64(self.inputs.get(parameter))
    }

    fn values(&self, parameter: Parameter) -> Vec<Number> {
        match parameter {
            Parameter::ParamCount => self.param_counts(),
            Parameter::FeedbackSlope => {
                ratio(self.needed_feedback() - self.reduced.baseline, self.target)
            }
            Parameter::FeedbackBaseline => self.baselines(),
            _ => self.linear(parameter),
        }
    }

    /// F = G/(E − A), infinite where promotion cannot bring E.
    fn needed_feedback(&self) -> Number {
        self.reduced.pull / (self.target - self.reduced.autonomous)
    }

    fn baselines(&self) -> Vec<Number> {
        if (self.target - self.reduced.autonomous).is_zero() || self.reduced.pull.is_zero() {
            return Vec::new();
        }
        vec![self.needed_feedback() - self.reduced.slope * self.target]
    }

    /// E = rest + slope·θ for the inputs that are linear at a given F.
    fn linear(&self, parameter: Parameter) -> Vec<Number> {
        let by = |parameter: Parameter| self.input(parameter);
        let (c, d) = (by(Parameter::WeightC), by(Parameter::WeightD));
        let b = by(Parameter::WeightB);
        let share = d / self.feedback;
        let Reduced { effect, time, annotation, promotion, .. } = self.reduced;
        let slope = match parameter {
            Parameter::DataVolume => {
                let per_param = by(Parameter::WeightA) + share * by(Parameter::PromotionPerEffect);
                per_param / by(Parameter::ParamCount) + c * by(Parameter::AnnotationPerSample)
            }
            Parameter::WeightA => effect,
            Parameter::WeightB => time,
            Parameter::WeightC => annotation,
            Parameter::WeightD => promotion / self.feedback,
            Parameter::AnnotationPerSample => c * by(Parameter::DataVolume),
            Parameter::AnnotationFixed => c,
            Parameter::TimePerParameter => b * by(Parameter::ParamCount),
            Parameter::TimeFixed => b,
            Parameter::PromotionPerEffect => share * effect,
            Parameter::PromotionFixed => share,
            _ => return Vec::new(),
        };
        let now = self.reduced.autonomous + self.reduced.pull / self.feedback;
        let rest = now - slope * by(parameter);
        ratio(self.target - rest, slope)
    }

    /// b·l·P² + (b·m + c·C + d·n2/F − E)·P + D·(a + d·n1/F) = 0.
    fn param_counts(&self) -> Vec<Number> {
        let by = |parameter: Parameter| self.input(parameter);
        let share = by(Parameter::WeightD) / self.feedback;
        let square = by(Parameter::WeightB) * by(Parameter::TimePerParameter);
        let middle = by(Parameter::WeightB) * by(Parameter::TimeFixed)
            + by(Parameter::WeightC) * self.reduced.annotation
            + share * by(Parameter::PromotionFixed)
            - self.target;
        let constant = by(Parameter::DataVolume)
            * (by(Parameter::WeightA) + share * by(Parameter::PromotionPerEffect));
        quadratic([square, middle, constant])
    }
}

fn ratio(numerator: Number, denominator: Number) -> Vec<Number> {
    if denominator.is_zero() { Vec::new() } else { vec![numerator / denominator] }
}

/// The real roots of az² + bz + c, each by the form that does not cancel.
fn quadratic([a, b, c]: [Number; 3]) -> Vec<Number> {
    if a.is_zero() {
        return ratio(-c, b);
    }
    let discriminant = b * b - (a * c).shifted(2);
    if discriminant.is_negative() {
        return Vec::new();
    }
    let width = discriminant.sqrt();
    let half = -(if b.is_negative() { b - width } else { b + width }).shifted(-1);
    if half.is_zero() {
        return vec![half];
    }
    vec![half / a, c / half]
}
