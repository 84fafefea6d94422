//! Labels saved at the same score.

use std::fmt;

use serde::Serialize;
use tunewise_plot::{Band, ChartText, LineChart, Series};

use super::config::Strategy;
use super::run::label_cost;
use super::state::{LabelCostState, Point};
use crate::{Error, Result, files};

/// Two-sided 95 % quantiles of Student's t with 1, 2, ... degrees of freedom.
const T: [f64; 9] = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];
/// The same of the normal distribution, for more.
const Z: f64 = 1.960;

/// What a strategy saves against random labelling.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Saving {
    /// The strategy.
    pub strategy: Strategy,
    /// Each seed's share of labels saved; see [`Saving::of`].
    pub by_seed: Vec<f64>,
    /// Their mean.
    pub mean: f64,
    /// Lower end of its 95 % interval by Student's t over the seeds.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Mean difference of the score at equal labels, over rounds and seeds.
    pub gain: f64,
    /// Its 95 % interval over the seeds.
    pub gain_interval: (f64, f64),
}

impl Saving {
    /// What `scores` saves against `random`, both `[seeds][rounds]` with these numbers of labels.
    ///
    /// A curve's score may fall by chance from one round to the next, so each is first made rising by
    /// isotonic regression. For each number of labels of the random curve but the first, the labels are
    /// looked up with which the strategy has the same score, on the line between two rounds; where it never
    /// has, or has it from its first round on, the end stands. The saving of a seed is 1 less the geometric
    /// mean of the ratios. Negative: it takes more labels.
    ///
    /// # Errors
    /// [`Error::Setting`] for curves of other sizes than the rounds, or fewer than two seeds.
    ///
    /// ```
    /// use tunewise_bert::label_cost::{Saving, Strategy};
    ///
    /// # fn main() -> tunewise_bert::Result<()> {
    /// let (labels, random) = ([100, 200, 400], vec![vec![0.6, 0.7, 0.8]; 2]);
    /// // After 200 labels as good as the other after 400.
    /// let active = vec![vec![0.6, 0.8, 0.9]; 2];
    /// let saving = Saving::of(Strategy::Margin, &labels, &random, &active)?;
    /// // 0.7 takes 150 of 200 labels, 0.8 takes 200 of 400.
    /// assert!((saving.mean - (1.0 - (0.75_f64 * 0.5).sqrt())).abs() < 1e-12);
    /// # Ok(())
    /// # }
    /// ```
    pub fn of(
        strategy: Strategy,
        labels: &[usize],
        random: &[Vec<f64>],
        scores: &[Vec<f64>],
    ) -> Result<Self> {
        let whole = |curves: &[Vec<f64>]| curves.iter().all(|curve| curve.len() == labels.len());
        if labels.len() < 2
            || random.len() < 2
            || random.len() != scores.len()
            || !(whole(random) && whole(scores))
        {
            let expected = format!("two seeds or more of {} rounds, at least two", labels.len());
            return Err(Error::Setting { name: "scores", got: format!("{scores:?}"), expected });
        }
        let pairs = || random.iter().zip(scores);
        let by_seed: Vec<f64> =
            pairs().map(|(random, other)| saved(labels, random, other)).collect();
        let gain = |(random, other): (&Vec<f64>, &Vec<f64>)| {
            let differences = random.iter().zip(other).map(|(a, b)| b - a);
            differences.sum::<f64>() / labels.len() as f64
        };
        let gains: Vec<f64> = pairs().map(gain).collect();
        let ((mean, low, high), gain) = (interval(&by_seed), interval(&gains));
        let (gain, gain_interval) = (gain.0, (gain.1, gain.2));
        Ok(Self { strategy, by_seed, mean, low, high, gain, gain_interval })
    }
}

/// The share of labels that one curve saves against another.
fn saved(labels: &[usize], random: &[f64], other: &[f64]) -> f64 {
    let (random, other) = (rising(random), rising(other));
    let ratio =
        |(count, score): (&usize, &f64)| (needed(labels, &other, *score) / *count as f64).ln();
    let ratios: Vec<f64> = labels.iter().zip(&random).skip(1).map(ratio).collect();
    1.0 - (ratios.iter().sum::<f64>() / ratios.len() as f64).exp()
}

/// The labels with which a rising curve first has a score.
fn needed(labels: &[usize], curve: &[f64], score: f64) -> f64 {
    let mut before: Option<(f64, f64)> = None;
    for (count, value) in labels.iter().zip(curve) {
        let here = (*count as f64, *value);
        if here.1 >= score {
            return before.map_or(here.0, |(count, value)| {
                count + (here.0 - count) * (score - value) / (here.1 - value)
            });
        }
        before = Some(here);
    }
    before.map_or(f64::NAN, |(count, _)| count)
}

/// The nearest curve that never falls: isotonic regression by pooling what violates it.
fn rising(curve: &[f64]) -> Vec<f64> {
    let mut pools: Vec<(f64, usize)> = Vec::new(); // sum, number
    for value in curve {
        let mut pool = (*value, 1);
        while let Some(last) = pools.pop_if(|last| last.0 / last.1 as f64 > pool.0 / pool.1 as f64)
        {
            pool = (pool.0 + last.0, pool.1 + last.1);
        }
        pools.push(pool);
    }
    pools
        .into_iter()
        .flat_map(|(sum, count)| std::iter::repeat_n(sum / count as f64, count))
        .collect()
}

/// Mean and its 95 % interval.
fn interval(values: &[f64]) -> (f64, f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let t = T.get(values.len().saturating_sub(2)).copied().unwrap_or(Z);
    let half = t * (variance / count).sqrt();
    (mean, mean - half, mean + half)
}

impl LabelCostState {
    /// What each strategy saves against random labelling; those that lack a point are left out.
    ///
    /// # Errors
    /// Those of [`Saving::of`].
    pub fn savings(&self) -> Result<Vec<Saving>> {
        let Some(random) = self.scores(Strategy::Random) else { return Ok(Vec::new()) };
        let others = self.config.strategies.iter().filter(|it| **it != Strategy::Random);
        let measured = others.filter_map(|it| Some((*it, self.scores(*it)?)));
        let saving = |(strategy, scores): (Strategy, Vec<Vec<f64>>)| {
            Saving::of(strategy, &self.config.labels, &random, &scores)
        };
        measured.map(saving).collect()
    }

    /// Mean macro F1 over the labels with its 95 % interval over seeds, a line a strategy.
    ///
    /// # Errors
    /// [`Error::Plot`] if there is nothing to draw yet.
    pub fn picture(&self) -> Result<String> {
        type Curve = (String, Vec<(f64, f64)>, Vec<(f64, f64, f64)>);
        let curve = |strategy: &Strategy| -> Option<Curve> {
            let scores = self.scores(*strategy)?;
            let at = |(round, labels): (usize, &usize)| {
                let values: Vec<f64> =
                    scores.iter().filter_map(|seed| seed.get(round).copied()).collect();
                let (mean, low, high) = interval(&values);
                (*labels as f64, mean, low, high)
            };
            let points: Vec<_> = self.config.labels.iter().enumerate().map(at).collect();
            let line = points.iter().map(|it| (it.0, it.1)).collect();
            Some((strategy.to_string(), line, points.iter().map(|it| (it.0, it.2, it.3)).collect()))
        };
        let curves: Vec<Curve> = self.config.strategies.iter().filter_map(curve).collect();
        let series: Vec<Series<'_>> =
            curves.iter().map(|(name, points, _)| Series { name, points }).collect();
        let bands: Vec<Band<'_>> =
            curves.iter().map(|(_, _, points)| Band { name: "", points }).collect();
        let title = format!("What labels bring, {} seeds", self.config.seeds.len());
        let text = ChartText { title: &title, x_label: "labels", y_label: "macro F1" };
        Ok(LineChart { series: &series, bands: &bands, ..LineChart::default() }.svg(text)?)
    }
}

impl fmt::Display for Saving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { strategy, mean, low, high, gain, gain_interval, .. } = self;
        write!(
            f,
            "{strategy}: saves {:.1} % of the labels ({:.1} to {:.1}); macro F1 {:+.4} at equal labels ({:+.4} to {:+.4})",
            100.0 * mean,
            100.0 * low,
            100.0 * high,
            gain,
            gain_interval.0,
            gain_interval.1
        )
    }
}

/// Runs [`label_cost`] and writes `label_cost.svg` and `savings.json` beside the state.
///
/// # Errors
/// Those of [`label_cost`]; [`Error::Io`].
pub fn label_cost_report(
    config: &super::LabelCostConfig,
    tell: &mut dyn FnMut(&Point) -> bool,
) -> Result<Vec<Saving>> {
    let state = label_cost(config, tell)?;
    let savings = state.savings()?;
    if !savings.is_empty() {
        let picture = state.picture()?;
        files::write(&config.output_dir.join("label_cost.svg"), picture.as_bytes())?;
        files::write_json(&config.output_dir.join("savings.json"), &savings)?;
    }
    Ok(savings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_is_made_rising_and_looked_up_between_its_points() {
        assert_eq!(rising(&[0.5, 0.9, 0.7, 0.8, 1.0]), [0.5, 0.8, 0.8, 0.8, 1.0]);
        let curve = [0.5, 0.7, 0.9];
        let at = |score| needed(&[10, 20, 40], &curve, score);
        for (score, labels) in [(0.4, 10.0), (0.6, 15.0), (0.7, 20.0), (0.8, 30.0), (0.95, 40.0)] {
            assert!((at(score) - labels).abs() < 1e-9, "{score}: {}", at(score));
        }
    }

    #[test]
    fn equal_curves_save_nothing_and_worse_ones_cost() {
        let random = vec![vec![0.6, 0.7, 0.8], vec![0.5, 0.65, 0.8]];
        let of = |scores: &[Vec<f64>]| {
            Saving::of(Strategy::Pseudo, &[1, 2, 4], &random, scores).unwrap()
        };
        let same = of(&random);
        assert!(same.mean.abs() < 1e-12 && same.gain == 0.0 && same.high - same.low < 1e-12);
        let worse = of(&[vec![0.6, 0.65, 0.7], vec![0.5, 0.55, 0.6]]);
        assert!(worse.mean < 0.0 && worse.gain < 0.0);
        // Student's t with one degree of freedom, by hand: mean 2, standard deviation √2.
        let (mean, low, high) = interval(&[1.0, 3.0]);
        assert!(
            (mean - 2.0).abs() < 1e-12
                && (high - 2.0 - 12.706).abs() < 1e-9
                && (low + 10.706).abs() < 1e-9
        );
    }
}
