//! One input at a time between two values.

use crate::{Error, Inputs, Model, Parameter, Result};

/// An input and the two values it takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// The input.
    pub parameter: Parameter,
    /// Its low value.
    pub low: f64,
    /// Its high value.
    pub high: f64,
}

/// What one input does to E.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar {
    /// The input and its values.
    pub range: Range,
    /// E at the low value; none without a root there.
    pub low: Option<f64>,
    /// E at the high value.
    pub high: Option<f64>,
}

impl Bar {
    /// |E_high − E_low|; none where an end has no root.
    #[must_use]
    pub fn swing(&self) -> Option<f64> {
        Some((self.high? - self.low?).abs())
    }
}

impl Range {
    /// θ·(1 − fraction) to θ·(1 + fraction).
    ///
    /// ```
    /// use tunewise_cost::{Inputs, Parameter, Range};
    ///
    /// let range = Range::around(&Inputs::default(), Parameter::FeedbackBaseline, 0.25);
    /// assert_eq!((range.low, range.high), (0.75, 1.25));
    /// ```
    #[must_use]
    pub fn around(inputs: &Inputs, parameter: Parameter, fraction: f64) -> Self {
        let value = inputs.get(parameter);
        Self { parameter, low: value * (1.0 - fraction), high: value * (1.0 + fraction) }
    }

    /// The same fraction around every input.
    ///
    /// ```
    /// use tunewise_cost::{Inputs, Range};
    ///
    /// assert_eq!(Range::all_around(&Inputs::default(), 0.1).len(), 16);
    /// ```
    #[must_use]
    pub fn all_around(inputs: &Inputs, fraction: f64) -> Vec<Self> {
        Parameter::ALL.map(|parameter| Self::around(inputs, parameter, fraction)).to_vec()
    }
}

/// E at both ends of every range, the others at their base: the bars of a tornado diagram.
///
/// The widest swing comes first, bars with an end that has no root before all: a lost equilibrium is
/// the largest effect there is. Equal swings keep their order.
///
/// # Errors
/// As [`Inputs::validate`], at an end of a range.
///
/// ```
/// use tunewise_cost::{Inputs, Model, Parameter, Range, tornado};
///
/// # fn main() -> tunewise_cost::Result<()> {
/// let base = Inputs::default().with(Parameter::WeightA, 2.0);
/// let bars = tornado(&Model::default(), &base, &Range::all_around(&base, 0.5))?;
/// assert_eq!(bars[0].range.parameter, Parameter::ParamCount);
/// assert_eq!(bars[0].swing(), Some(4.0 - 4.0 / 3.0));
/// # Ok(())
/// # }
/// ```
pub fn tornado(model: &Model, inputs: &Inputs, ranges: &[Range]) -> Result<Vec<Bar>> {
    let at = |parameter, value| -> Result<Option<f64>, Error> {
        Ok(model.solve(&inputs.with(parameter, value))?.effectiveness())
    };
    let bar = |range: &Range| -> Result<Bar> {
        let (low, high) = (at(range.parameter, range.low)?, at(range.parameter, range.high)?);
        Ok(Bar { range: *range, low, high })
    };
    let mut bars = ranges.iter().map(bar).collect::<Result<Vec<Bar>>>()?;
    let width = |bar: &Bar| bar.swing().unwrap_or(f64::INFINITY);
    bars.sort_by(|one, other| width(other).total_cmp(&width(one)));
    Ok(bars)
}
