//! One input at a time between two values.

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use crate::{Axis, Error, Inputs, Model, Parameter, Result};

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
    ///
    /// ```
    /// use tunewise_cost::{Bar, Parameter, Range};
    ///
    /// let range = Range { parameter: Parameter::WeightA, low: 1.0, high: 3.0 };
    /// let bar = Bar { range, low: Some(5.0), high: Some(2.0) };
    /// assert_eq!(bar.swing(), Some(3.0));
    /// assert_eq!(Bar { high: None, ..bar }.swing(), None);
    /// ```
    #[must_use]
    pub fn swing(&self) -> Option<f64> {
        Some((self.high? - self.low?).abs())
    }
}

impl Serialize for Bar {
    /// `input` by letter, `low`, `high`, `effectiveness_low`, `effectiveness_high`, `swing`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bar = serializer.serialize_struct("Bar", 6)?;
        bar.serialize_field("input", self.range.parameter.letter())?;
        bar.serialize_field("low", &self.range.low)?;
        bar.serialize_field("high", &self.range.high)?;
        bar.serialize_field("effectiveness_low", &self.low)?;
        bar.serialize_field("effectiveness_high", &self.high)?;
        bar.serialize_field("swing", &self.swing())?;
        bar.end()
    }
}

impl From<&Axis> for Range {
    /// The smallest and the largest of its values.
    fn from(axis: &Axis) -> Self {
        let values = || axis.values.iter().copied();
        let (low, high) =
            (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
        Self { parameter: axis.parameter, low, high }
    }
}

impl Range {
    /// The same fraction around every input that this moves, but for those that have ranges of their own,
    /// which follow.
    ///
    /// ```
    /// use tunewise_cost::{Inputs, Parameter, Range};
    ///
    /// // D, P and p are 1, all other inputs 0.
    /// let own = Range { parameter: Parameter::ParamCount, low: 1.0, high: 9.0 };
    /// let ranges = Range::around_but(&Inputs::default(), 0.5, &[own]);
    /// let ends: Vec<_> = ranges.iter().map(|it| (it.parameter.letter(), it.low, it.high)).collect();
    /// assert_eq!(ends, [("D", 0.5, 1.5), ("p", 0.5, 1.5), ("P", 1.0, 9.0)]);
    /// ```
    #[must_use]
    pub fn around_but(inputs: &Inputs, fraction: f64, own: &[Self]) -> Vec<Self> {
        let mut ranges = Self::all_around(inputs, fraction);
        ranges.retain(|range| {
            range.low != range.high && own.iter().all(|one| one.parameter != range.parameter)
        });
        ranges.extend_from_slice(own);
        ranges
    }

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
    /// # Formula
    /// θ·(1 ± fraction) for each of the sixteen inputs.
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
