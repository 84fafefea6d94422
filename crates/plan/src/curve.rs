//! Learning curves: quality as a function of rows and steps, as uncertain as few pilots leave it.
//!
//! The error 1 − quality of a run of S optimizer steps on D rows is
//! e(D, S) = E·(r + (1 − r)·(u^p + v^p)^(1/p)), with
//!
//! - u = ((D + d)/(D₀ + d))^−c, what rows leave to be learned: a power law (Hestness et al. 2017, "Deep
//!   learning scaling is predictable, empirically"), shifted by the rows d that pretraining was worth
//!   (Hernandez et al. 2021, "Scaling laws for transfer"; `pow4` in Viering and Loog 2022, "The shape of
//!   learning curves");
//! - v = β·(S/S₀)^−b, what steps leave: a power law too (Kaplan et al. 2020, "Scaling laws for neural
//!   language models", which bounds loss by data and by steps likewise). The larger p, the more sharply the
//!   scarcer of the two alone sets the limit. A run of few steps says little of its rows (Mosbach et al.
//!   2021, "On the stability of fine-tuning BERT");
//! - D₀ the largest slice, S₀ the shortest runs on it, E the error there but for steps, r the share of it
//!   that neither removes.
//!
//! Few pilots fit many such curves, and the best one overstates what is known; so all are kept, weighted by
//! how well they explain the pilots: laws all over the belief, a grid in the noise, E integrated out
//! (Domhan et al. 2015 extrapolate curves so, with Markov chains).
//!
//! Three things beside plain seed noise are owned up to. Small slices scatter more: their variance grows as
//! (D₀/D)^κ. Runs of a seed and size train on the same rows, whose luck they share. And no curve is a power
//! law: around it lies a random walk in ln D that is 0 at D₀, so that the doubt grows with the distance
//! (model discrepancy, Kennedy and O'Hagan 2001).
//!
//! All runs are measured on the same validation rows. The luck of these rows is part of the curve and
//! cancels in a prediction of what will be measured on them; it is said apart, as
//! [`LearningCurve::validation_error`].

mod blocks;
mod grid;
mod law;
mod prior;

use serde::Serialize;
use tunewise_cost::special::normal_quantile;
use tunewise_cost::uncertainty::Stream;

use crate::{Error, Result};

/// Curves drawn from the posterior.
const DRAWS: usize = 4000;
/// The share of measured values that an interval is to hold.
pub const LEVEL: f64 = 0.8;
/// A slice that has come less than this share of the way from chance to the best is not on the curve yet.
const OFF_THE_GROUND: f64 = 0.25;
/// Sizes that are always kept.
const LEAST_SIZES: usize = 3;

/// A measured pilot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation {
    /// D, rows.
    pub rows: f64,
    /// S, optimizer steps; `f64::INFINITY` for a run that was trained to the end.
    pub steps: f64,
    /// Runs of a seed and size trained on the same rows.
    pub seed: u64,
    /// The metric, 0 to 1.
    pub quality: f64,
}

/// What a curve is fitted to.
#[derive(Debug, Clone, Copy)]
pub struct CurveData<'a> {
    /// Whose curve, for messages.
    pub model: &'a str,
    /// The pilots.
    pub pilots: &'a [Observation],
    /// Rows that all were measured on.
    pub validation_rows: usize,
    /// What always guessing the most frequent label comes to.
    pub chance: f64,
    /// Of the draws.
    pub seed: u64,
}

/// The curves that may be, a draw each.
#[derive(Debug, Clone)]
pub struct LearningCurve {
    rows: f64,
    steps: f64,
    validation_rows: usize,
    left_out: Vec<usize>,
    draws: Vec<Draw>,
}

/// A curve, with the noise of one more run around it.
#[derive(Debug, Clone, Copy)]
struct Draw {
    /// E.
    error: f64,
    law: law::Law,
    /// How far off the law, a unit of √ln(D/D₀).
    drift: f64,
    /// Standard deviation of a run at D₀, times a standard normal number.
    luck: f64,
    /// κ.
    spread: f64,
}

/// What is expected at a number of rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Forecast {
    /// D.
    pub rows: f64,
    /// The expected quality.
    pub quality: f64,
    /// Where the average of many runs lies, with a probability of 80 %: its lower end.
    pub curve_low: f64,
    /// Its upper end.
    pub curve_high: f64,
    /// Where the measured quality of one run lies, with a probability of 80 %: its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

impl LearningCurve {
    /// All curves that the pilots leave possible.
    ///
    /// ```
    /// use tunewise_plan::{CurveData, LearningCurve, Observation};
    ///
    /// let steps = f64::INFINITY;
    /// let at = |rows: f64, (seed, luck): (u64, f64)| {
    ///     Observation { rows, steps, seed, quality: 0.9 - 1.5 / rows.sqrt() + luck }
    /// };
    /// let pilots: Vec<_> = [100.0, 200.0, 400.0, 800.0]
    ///     .into_iter()
    ///     .flat_map(|rows| [(1, -0.004), (2, 0.001), (3, 0.003)].map(|luck| at(rows, luck)))
    ///     .collect();
    /// let data = CurveData { model: "m", pilots: &pilots, validation_rows: 1000, chance: 0.5, seed: 1 };
    /// let forecast = LearningCurve::fit(&data)?.forecast(3200.0, steps);
    /// let truth = 0.9 - 1.5 / 3200_f64.sqrt();
    /// assert!(forecast.low < truth && truth < forecast.high);
    /// assert!((forecast.quality - truth).abs() < 0.02);
    /// # Ok::<(), tunewise_plan::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Curve`] for fewer than three sizes, fewer pilots than four, a number that cannot be, or
    /// a largest slice on which nothing is left to gain.
    pub fn fit(data: &CurveData<'_>) -> Result<Self> {
        check(data)?;
        let (pilots, left_out) = on_the_curve(data);
        let grid = grid::Grid::new(&pilots, data.validation_rows);
        let weights = grid.weights()?;
        let mut stream = Stream::new(data.seed, 1);
        let draws = grid.draw(&weights, DRAWS, &mut stream);
        let (rows, steps) = grid.reference();
        Ok(Self { rows, steps, validation_rows: data.validation_rows, left_out, draws })
    }

    /// D₀, rows of the largest slice.
    #[must_use]
    pub fn reference(&self) -> f64 {
        self.rows
    }

    /// Sizes of slices that were too small to learn from, and are left out.
    #[must_use]
    pub fn left_out(&self) -> &[usize] {
        &self.left_out
    }

    /// The average quality of runs of so many steps on so many rows, a curve each, in the order of the
    /// draws.
    #[must_use]
    pub fn expected(&self, rows: f64, steps: f64) -> Vec<f64> {
        let (rows, steps) = (rows / self.rows, steps / self.steps);
        self.draws.iter().map(|draw| draw.expected(rows, steps)).collect()
    }

    fn measured(&self, rows: f64, steps: f64) -> impl Iterator<Item = f64> {
        let (rows, steps) = (rows / self.rows, steps / self.steps);
        self.draws.iter().map(move |draw| draw.measured(rows, steps))
    }

    /// What is expected of runs of so many steps on so many rows.
    #[must_use]
    pub fn forecast(&self, rows: f64, steps: f64) -> Forecast {
        let expected = sorted(self.expected(rows, steps));
        let measured = sorted(self.measured(rows, steps).collect());
        let (tail, mean) = ((1.0 - LEVEL) / 2.0, mean(&expected));
        Forecast {
            rows,
            quality: mean,
            curve_low: quantile(&expected, tail),
            curve_high: quantile(&expected, 1.0 - tail),
            low: quantile(&measured, tail),
            high: quantile(&measured, 1.0 - tail),
        }
    }

    /// How probable it is that one run of so many steps on so many rows measures at least `target`.
    #[must_use]
    pub fn chance(&self, rows: f64, steps: f64, target: f64) -> f64 {
        let reached = self.measured(rows, steps).filter(|&quality| quality >= target).count();
        reached as f64 / self.draws.len().max(1) as f64
    }

    /// The quality that no number of rows exceeds, where the curve stays as it is: lower end, middle
    /// and upper end of the 80 % interval.
    #[must_use]
    pub fn ceiling(&self) -> [f64; 3] {
        let ceilings = sorted(self.draws.iter().map(|it| 1.0 - it.error * it.law.floor).collect());
        let tail = (1.0 - LEVEL) / 2.0;
        [tail, 0.5, 1.0 - tail].map(|share| quantile(&ceilings, share))
    }

    /// c: the lower end, middle and upper end of its 80 % interval.
    #[must_use]
    pub fn exponent(&self) -> [f64; 3] {
        let all = sorted(self.draws.iter().map(|draw| draw.law.exponent).collect());
        let tail = (1.0 - LEVEL) / 2.0;
        [tail, 0.5, 1.0 - tail].map(|share| quantile(&all, share))
    }

    /// How far the luck of the validation rows puts a measured quality off that on all rows of the
    /// kind: one standard deviation, as if the metric were a share of rows.
    #[must_use]
    pub fn validation_error(&self, quality: f64) -> f64 {
        (quality * (1.0 - quality) / self.validation_rows as f64).max(0.0).sqrt()
    }
}

impl Draw {
    /// At D/D₀ and S/S₀.
    fn expected(&self, rows: f64, steps: f64) -> f64 {
        let drift = self.drift * rows.ln().max(0.0).sqrt();
        1.0 - (self.error * self.law.shape(rows, steps) + drift).clamp(0.0, 1.0)
    }

    fn measured(&self, rows: f64, steps: f64) -> f64 {
        let luck = self.luck * rows.powf(-self.spread / 2.0);
        (self.expected(rows, steps) + luck).clamp(0.0, 1.0)
    }
}

fn check(data: &CurveData<'_>) -> Result<()> {
    let fault = |what: String| Err(Error::Curve { model: data.model.to_owned(), what });
    let bad = |it: &&Observation| {
        !(it.rows.is_finite() && it.rows >= 1.0 && (0.0..=1.0).contains(&it.quality))
    };
    if let Some(pilot) = data.pilots.iter().find(bad) {
        return fault(format!(
            "a pilot on {} rows has the quality {}, expected a number from 0 to 1",
            pilot.rows, pilot.quality
        ));
    }
    if let Some(pilot) = data.pilots.iter().find(|it| it.steps.is_nan() || it.steps < 1.0) {
        return fault(format!(
            "a pilot on {} rows has {} steps, expected at least 1",
            pilot.rows, pilot.steps
        ));
    }
    if data.validation_rows == 0 {
        return fault("no validation rows".to_owned());
    }
    let sizes = sizes(data.pilots);
    if sizes.len() < LEAST_SIZES || data.pilots.len() <= LEAST_SIZES {
        return fault(format!(
            "{} pilots of {} sizes, expected at least 4 of at least 3",
            data.pilots.len(),
            sizes.len()
        ));
    }
    Ok(())
}

/// Sizes that occur, ascending.
fn sizes(pilots: &[Observation]) -> Vec<f64> {
    let mut sizes: Vec<f64> = pilots.iter().map(|pilot| pilot.rows).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.dedup();
    sizes
}

/// The pilots that have left the level of guessing, and the sizes of those that have not.
fn on_the_curve(data: &CurveData<'_>) -> (Vec<Observation>, Vec<usize>) {
    let sizes = sizes(data.pilots);
    let of = |rows: f64| {
        let here: Vec<f64> =
            data.pilots.iter().filter(|it| it.rows == rows).map(|it| it.quality).collect();
        mean(&here)
    };
    let best = sizes.iter().map(|&rows| of(rows)).fold(data.chance, f64::max);
    let least = data.chance + OFF_THE_GROUND * (best - data.chance);
    let droppable = sizes.len() - LEAST_SIZES;
    let off = sizes.iter().take(droppable).take_while(|&&rows| of(rows) < least).count();
    let first = sizes.get(off).copied().unwrap_or(0.0);
    let kept = data.pilots.iter().copied().filter(|pilot| pilot.rows >= first).collect();
    (kept, sizes.into_iter().take(off).map(|rows| rows as usize).collect())
}

pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

pub(crate) fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

/// Of sorted values, between neighbours by their distance (Hyndman and Fan 1996, type 7).
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * sorted.len().saturating_sub(1) as f64;
    let (below, part) = (place.floor() as usize, place.fract());
    let at = |index: usize| sorted.get(index).or(sorted.last()).copied().unwrap_or(f64::NAN);
    at(below) + part * (at(below + 1) - at(below))
}

fn normal(stream: &mut Stream) -> f64 {
    normal_quantile(stream.uniform())
}

#[cfg(test)]
mod tests;
