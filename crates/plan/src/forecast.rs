//! One model's pilots as a curve, a time law and a price.

use serde::{Deserialize, Serialize};

use crate::curve::{CurveData, Forecast, LearningCurve, Observation, mean};
use crate::pilot::PilotRecord;
use crate::prices::Prices;
use crate::time::{Hours, TimeLaw};
use crate::{Error, Result};

/// How long runs train: the same for pilots, the longer ones apart, and for the run that they speak of.
///
/// Few rows make few steps, and a model that has hardly moved says nothing of its data; so short runs
/// are trained for more epochs (Mosbach et al. 2021, "On the stability of fine-tuning BERT").
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Epochs of a long run.
    pub epochs: f64,
    /// Fewest optimizer steps of a run.
    pub least_steps: f64,
    /// Rows of a step.
    pub batch: f64,
}

impl Recipe {
    /// Epochs over so many rows; the last step of each has the rows that are left.
    ///
    /// ```
    /// let recipe = tunewise_plan::Recipe { epochs: 3.0, least_steps: 200.0, batch: 16.0 };
    /// assert_eq!((recipe.epochs(320.0), recipe.epochs(10_000.0)), (10.0, 3.0));
    /// // 20 steps an epoch too.
    /// assert_eq!(recipe.epochs(305.0), 10.0);
    /// ```
    #[must_use]
    pub fn epochs(&self, rows: f64) -> f64 {
        self.epochs.max((self.least_steps / self.steps(rows, 1.0)).ceil())
    }

    /// Optimizer steps of so many epochs over so many rows.
    ///
    /// ```
    /// let recipe = tunewise_plan::Recipe { epochs: 3.0, least_steps: 200.0, batch: 16.0 };
    /// assert_eq!((recipe.steps(320.0, 3.0), recipe.steps(305.0, 2.5)), (60.0, 50.0));
    /// ```
    #[must_use]
    pub fn steps(&self, rows: f64, epochs: f64) -> f64 {
        (epochs * (rows / self.batch).ceil()).ceil()
    }
}

/// What all models of a plan share.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// How runs train.
    pub recipe: Recipe,
    /// Rows that all were measured on.
    pub validation_rows: usize,
    /// What always guessing the most frequent label comes to.
    pub chance: f64,
    /// Of the draws.
    pub seed: u64,
    /// What things cost.
    pub prices: &'a Prices,
    /// Rows that are labelled already, those of validation apart.
    pub owned: usize,
}

/// A model, and what its pilots say of it.
#[derive(Debug, Clone)]
pub struct ModelView<'a> {
    /// Its name.
    pub name: String,
    /// P.
    pub parameters: f64,
    /// Its pilots.
    pub pilots: Vec<PilotRecord>,
    /// Quality by rows and steps.
    pub curve: LearningCurve,
    /// Time by tokens.
    pub time: TimeLaw,
    /// Tokens of a row, on the average.
    pub tokens_a_row: f64,
    setting: Setting<'a>,
}

/// A size of data, and what comes of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Candidate {
    /// The model.
    pub model: String,
    /// Its parameters, P.
    pub parameters: f64,
    /// Rows to train on, D.
    pub rows: f64,
    /// Those of them that are to be labelled yet.
    pub new_labels: f64,
    /// How often training passes over the rows.
    pub epochs: f64,
    /// What labels cost, currency.
    pub label_cost: f64,
    /// What training takes, T.
    pub training: Hours,
    /// What training costs, currency.
    pub machine_cost: f64,
    /// Both, currency.
    pub cost: f64,
    /// The lower end of the cost, training as short as its interval allows.
    pub cost_low: f64,
    /// The upper end of the cost.
    pub cost_high: f64,
    /// The quality.
    pub quality: Forecast,
}

impl<'a> ModelView<'a> {
    /// Fits curve and time law to the pilots of `name` among `records`.
    ///
    /// # Errors
    /// Those of [`LearningCurve::fit`] and [`TimeLaw::fit`].
    pub fn fit(name: &str, records: &[PilotRecord], setting: Setting<'a>) -> Result<Self> {
        let pilots: Vec<PilotRecord> =
            records.iter().filter(|record| record.model == name).cloned().collect();
        let Some(first) = pilots.first() else {
            let what = "no pilots of it".to_owned();
            return Err(Error::Curve { model: name.to_owned(), what });
        };
        let seen = |it: &PilotRecord| {
            let (rows, quality) = (it.rows as f64, it.measured.quality);
            Observation {
                rows,
                steps: setting.recipe.steps(rows, it.epochs),
                seed: it.seed,
                quality,
            }
        };
        let observations: Vec<Observation> = pilots.iter().map(seen).collect();
        let data = CurveData {
            model: name,
            pilots: &observations,
            validation_rows: setting.validation_rows,
            chance: setting.chance,
            seed: setting.seed,
        };
        let tokens: Vec<f64> = pilots
            .iter()
            .map(|it| it.measured.trained_tokens as f64 / it.measured.trained_rows.max(1) as f64)
            .collect();
        Ok(Self {
            name: name.to_owned(),
            parameters: first.measured.parameters as f64,
            curve: LearningCurve::fit(&data)?,
            time: TimeLaw::fit(name, &pilots)?,
            tokens_a_row: mean(&tokens),
            pilots,
            setting,
        })
    }

    /// What all models share.
    #[must_use]
    pub fn setting(&self) -> &Setting<'a> {
        &self.setting
    }

    /// Tokens of a run over so many rows, all epochs together.
    #[must_use]
    pub fn tokens(&self, rows: f64) -> f64 {
        rows * self.setting.recipe.epochs(rows) * self.tokens_a_row
    }

    /// What a run on so many rows is expected to measure.
    #[must_use]
    pub fn forecast(&self, rows: f64) -> Forecast {
        self.curve.forecast(rows, self.steps(rows))
    }

    /// The same as if epochs did not have to be whole: what [`forecast`](Self::forecast) lies around where
    /// rows are few.
    #[must_use]
    pub fn trend(&self, rows: f64) -> Forecast {
        let Recipe { epochs, least_steps, batch } = self.setting.recipe;
        self.curve.forecast(rows, (epochs * rows / batch).max(least_steps).max(1.0))
    }

    /// The average quality of runs on so many rows, a curve each.
    #[must_use]
    pub fn expected(&self, rows: f64) -> Vec<f64> {
        self.curve.expected(rows, self.steps(rows))
    }

    /// The same for runs of so many times the epochs.
    #[must_use]
    pub fn expected_longer(&self, rows: f64, times: f64) -> Vec<f64> {
        self.curve.expected(rows, times * self.steps(rows))
    }

    /// How probable it is that one run on so many rows measures at least `target`.
    #[must_use]
    pub fn chance(&self, rows: f64, target: f64) -> f64 {
        self.curve.chance(rows, self.steps(rows), target)
    }

    fn steps(&self, rows: f64) -> f64 {
        self.setting.recipe.steps(rows, self.setting.recipe.epochs(rows))
    }

    /// What labelling up to so many rows and one training on them cost.
    #[must_use]
    pub fn cost(&self, rows: f64) -> f64 {
        self.label_cost(rows) + self.training_cost(self.tokens(rows))
    }

    /// What training on so many tokens costs, all epochs together.
    #[must_use]
    pub fn training_cost(&self, tokens: f64) -> f64 {
        self.setting.prices.machine.per_hour * self.time.hours(tokens).hours
    }

    /// Everything about so many rows.
    #[must_use]
    pub fn at(&self, rows: f64) -> Candidate {
        let training = self.time.hours(self.tokens(rows));
        let (label_cost, rate) = (self.label_cost(rows), self.setting.prices.machine.per_hour);
        Candidate {
            model: self.name.clone(),
            parameters: self.parameters,
            rows,
            new_labels: (rows - self.setting.owned as f64).max(0.0),
            epochs: self.setting.recipe.epochs(rows),
            label_cost,
            training,
            machine_cost: rate * training.hours,
            cost: label_cost + rate * training.hours,
            cost_low: label_cost + rate * training.low,
            cost_high: label_cost + rate * training.high,
            quality: self.forecast(rows),
        }
    }

    fn label_cost(&self, rows: f64) -> f64 {
        self.setting.prices.labels(rows - self.setting.owned as f64)
    }
}
