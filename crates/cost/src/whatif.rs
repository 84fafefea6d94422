//! What if: answers over a grid of values of one or more inputs.

use std::str::FromStr;

use crate::{Equilibrium, Error, Inputs, Model, Parameter, Result};

/// The most points that a grid may have.
pub const MAX_GRID: usize = 1_000_000;

/// How far ratios may differ that count as equal: rounding of values that someone typed.
const SAME_RATIO: f64 = 1e-3;

/// An input and the values it takes.
///
/// It is read from `D=1000,5000,20000` (these values), `D=1000..20000:5` (five values in equal
/// steps) or `D=1000..20000:5:log` (in equal ratios).
///
/// ```
/// use tunewise_cost::Axis;
///
/// # fn main() -> tunewise_cost::Result<()> {
/// let axis: Axis = "data_volume=100..10000:3:log".parse()?;
/// assert_eq!(axis.values, [100.0, 1000.0, 10000.0]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// The input.
    pub parameter: Parameter,
    /// Its values, in order.
    pub values: Vec<f64>,
}

/// One point of a grid.
#[derive(Debug, Clone, PartialEq)]
pub struct GridPoint {
    /// The value of each axis.
    pub values: Vec<f64>,
    /// The answer there.
    pub answer: Equilibrium,
}

impl Axis {
    /// Values in equal steps from `low` to `high`, both included.
    ///
    /// # Formula
    /// low + (high − low)·i/(count − 1).
    ///
    /// ```
    /// use tunewise_cost::{Axis, Parameter};
    ///
    /// let axis = Axis::linear(Parameter::TimeFixed, [0.0, 2.0], 3);
    /// assert_eq!(axis.values, [0.0, 1.0, 2.0]);
    /// ```
    #[must_use]
    pub fn linear(parameter: Parameter, [low, high]: [f64; 2], count: usize) -> Self {
        let last = count.saturating_sub(1).max(1) as f64;
        let at = |step: usize| {
            let along = step as f64 / last;
            if along == 1.0 { high } else { low + (high - low) * along }
        };
        Self { parameter, values: (0..count).map(at).collect() }
    }

    /// Values in equal ratios from `low` to `high`, both above 0 and included.
    ///
    /// # Formula
    /// low·(high/low)^(i/(count − 1)).
    ///
    /// ```
    /// use tunewise_cost::{Axis, Parameter};
    ///
    /// let axis = Axis::logarithmic(Parameter::ParamCount, [1e6, 1e8], 3);
    /// assert_eq!(axis.values, [1e6, 1e7, 1e8]);
    /// ```
    #[must_use]
    pub fn logarithmic(parameter: Parameter, [low, high]: [f64; 2], count: usize) -> Self {
        let last = count.saturating_sub(1).max(1) as f64;
        let (from, to) = (low.log10(), high.log10());
        let at = |step: usize| {
            let along = step as f64 / last;
            match step {
                0 => low,
                _ if along == 1.0 => high,
                _ => 10f64.powf(from + (to - from) * along),
            }
        };
        Self { parameter, values: (0..count).map(at).collect() }
    }

    /// Whether its values, three or more and above 0, are in equal ratios: so that a logarithmic scale
    /// shows them in equal steps.
    ///
    /// # Formula
    /// |xᵢ₊₁/xᵢ/(x₂/x₁) − 1| < 10⁻³ for all i.
    ///
    /// ```
    /// use tunewise_cost::Axis;
    ///
    /// # fn main() -> tunewise_cost::Result<()> {
    /// assert!("P=1e6..1e9:7:log".parse::<Axis>()?.is_logarithmic());
    /// assert!("P=1,2,4".parse::<Axis>()?.is_logarithmic());
    /// assert!(!"P=1e6..1e9:7".parse::<Axis>()?.is_logarithmic());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_logarithmic(&self) -> bool {
        let [first, second, _, ..] = self.values[..] else { return false };
        let ratio = second / first;
        let alike = |pair: &[f64]| match *pair {
            [one, next] => (next / one / ratio - 1.0).abs() < SAME_RATIO,
            _ => true,
        };
        first > 0.0 && ratio > 0.0 && ratio != 1.0 && self.values.windows(2).all(alike)
    }
}

impl FromStr for Axis {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let fault = || Error::Axis { text: text.to_owned() };
        let (name, values) = text.split_once('=').ok_or_else(fault)?;
        let parameter: Parameter = name.trim().parse()?;
        let number = |text: &str| text.trim().parse::<f64>().map_err(|_| fault());
        let Some((low, rest)) = values.split_once("..") else {
            let values = values.split(',').map(number).collect::<Result<Vec<f64>>>()?;
            return Ok(Self { parameter, values });
        };
        let mut parts = rest.split(':');
        let ends = [number(low)?, number(parts.next().ok_or_else(fault)?)?];
        let count: usize = match parts.next() {
            None => 11,
            Some(count) => count.trim().parse().map_err(|_| fault())?,
        };
        if !(1..=MAX_GRID).contains(&count) {
            return Err(fault());
        }
        match (parts.next().map(str::trim), parts.next()) {
            (None, _) => Ok(Self::linear(parameter, ends, count)),
            (Some("log"), None) if ends.iter().all(|&end| end > 0.0) => {
                Ok(Self::logarithmic(parameter, ends, count))
            }
            _ => Err(fault()),
        }
    }
}

/// The answer at every combination of the axes' values; the last axis moves fastest.
///
/// # Errors
/// [`Error::GridSize`] if there are more than [`MAX_GRID`] points; as [`Inputs::validate`] at a point.
///
/// ```
/// use tunewise_cost::{Axis, Inputs, Model, Parameter, grid};
///
/// # fn main() -> tunewise_cost::Result<()> {
/// let axes = ["a=1,2".parse()?, Axis::linear(Parameter::DataVolume, [0.0, 1.0], 2)];
/// let points = grid(&Model::default(), &Inputs::default(), &axes)?;
/// assert_eq!(points.len(), 4);
/// assert_eq!(points[3].answer.effectiveness(), Some(2.0));
/// # Ok(())
/// # }
/// ```
pub fn grid(model: &Model, inputs: &Inputs, axes: &[Axis]) -> Result<Vec<GridPoint>> {
    let size = axes.iter().try_fold(1_usize, |size, axis| size.checked_mul(axis.values.len()));
    let size = size.filter(|&size| size <= MAX_GRID).ok_or(Error::GridSize { most: MAX_GRID })?;
    (0..size).map(|index| point(model, *inputs, (axes, index))).collect()
}

fn point(
    model: &Model,
    mut inputs: Inputs,
    (axes, mut index): (&[Axis], usize),
) -> Result<GridPoint> {
    let mut values = Vec::with_capacity(axes.len());
    for axis in axes.iter().rev() {
        let place = index % axis.values.len();
        index /= axis.values.len();
        if let Some(&value) = axis.values.get(place) {
            inputs.set(axis.parameter, value);
            values.push(value);
        }
    }
    values.reverse();
    Ok(GridPoint { values, answer: model.solve(&inputs)? })
}
