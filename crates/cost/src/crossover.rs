//! Where two scenarios are worth the same.

use crate::{Axis, Error, Inputs, Model, Result};

/// A value of one input at which two scenarios have the same effectiveness.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Crossover {
    /// The input's value.
    pub value: f64,
    /// E of both there.
    pub effectiveness: f64,
}

/// How often a bracket is narrowed: more than enough for the last bit of an `f64`.
const MAX_STEPS: usize = 200;

impl Model {
    /// Every value of the axis' input, between its first and last value, at which both scenarios have
    /// the same E: the axis' values are the grid on which a change of sign is looked for, so a pair of
    /// crossings between two neighbours is not seen, nor one beside a value without an equilibrium.
    ///
    /// # Reference
    /// Oliveira and Takahashi, "An enhancement of the bisection method average performance preserving
    /// minmax optimality" (ITP), ACM TOMS 47 (2021).
    ///
    /// # Errors
    /// As [`Inputs::validate`], at a value of the axis.
    ///
    /// ```
    /// use tunewise_cost::{Axis, Inputs, Model, Parameter};
    ///
    /// # fn main() -> tunewise_cost::Result<()> {
    /// let cheap = Inputs::default().with(Parameter::WeightA, 1.0);
    /// let rich = cheap.with(Parameter::WeightA, 3.0).with(Parameter::WeightC, -1.0);
    /// let rich = rich.with(Parameter::AnnotationFixed, 4.0); // E = 3D - 4 against D
    /// let axis = Axis::linear(Parameter::DataVolume, [0.0, 10.0], 8);
    /// let found = Model::default().crossover(&cheap, &rich, &axis)?;
    /// assert!((found[0].value - 2.0).abs() < 1e-12);
    /// # Ok(())
    /// # }
    /// ```
    pub fn crossover(&self, one: &Inputs, other: &Inputs, axis: &Axis) -> Result<Vec<Crossover>> {
        let at = |inputs: &Inputs, value: f64| -> Result<Option<f64>, Error> {
            Ok(self.solve(&inputs.with(axis.parameter, value))?.effectiveness())
        };
        let gap = |value: f64| -> Result<f64, Error> {
            let both = (at(one, value)?, at(other, value)?);
            Ok(both.0.zip(both.1).map_or(f64::NAN, |(one, other)| one - other))
        };
        let gaps = axis.values.iter().map(|&value| gap(value)).collect::<Result<Vec<f64>>>()?;
        let ends = axis.values.iter().copied().zip(gaps);
        let mut found: Vec<f64> = Vec::new();
        for ((low, at_low), (high, at_high)) in ends.clone().zip(ends.skip(1)) {
            if at_low == 0.0 {
                found.push(low);
            } else if at_high == 0.0 || at_low * at_high < 0.0 {
                found.push(itp(&gap, [(low, at_low), (high, at_high)])?);
            }
        }
        found.dedup();
        let answer =
            |value| Ok(Crossover { value, effectiveness: at(one, value)?.unwrap_or(f64::NAN) });
        found.into_iter().map(answer).collect()
    }
}

/// The root between two values of different sign: interpolate, truncate towards the middle, project
/// into what bisection would reach in as many steps.
fn itp(f: &impl Fn(f64) -> Result<f64>, ends: [(f64, f64); 2]) -> Result<f64> {
    let [(mut low, mut at_low), (mut high, mut at_high)] = ends;
    let width = (high - low).abs();
    let tolerance = f64::EPSILON * low.abs().max(high.abs());
    let halvings = (width / (2.0 * tolerance)).log2().ceil().max(0.0) as i32 + 1;
    for step in 0..MAX_STEPS {
        let (middle, span) = (low.midpoint(high), (high - low).abs());
        if span <= 2.0 * tolerance || at_high == 0.0 {
            return Ok(if at_high == 0.0 { high } else { middle });
        }
        let reach = tolerance * 2f64.powi((halvings - step as i32).clamp(0, 1000)) - span / 2.0;
        let secant = (high * at_low - low * at_high) / (at_low - at_high);
        let shift = (0.2 * span * span / width).min((middle - secant).abs());
        let truncated = secant + shift.copysign(middle - secant);
        let near = (truncated - middle).abs() <= reach;
        let guess =
            if near { truncated } else { middle - reach.max(0.0).copysign(middle - secant) };
        let at_guess = f(guess)?;
        if at_guess.is_nan() {
            return Ok(f64::NAN);
        }
        if at_guess == 0.0 {
            return Ok(guess);
        }
        if (at_guess > 0.0) == (at_low > 0.0) {
            (low, at_low) = (guess, at_guess);
        } else {
            (high, at_high) = (guess, at_guess);
        }
    }
    Ok(low.midpoint(high))
}
