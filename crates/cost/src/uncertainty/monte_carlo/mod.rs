//! Effectiveness under uncertain inputs.

mod comparison;
mod correlation;
mod design;
mod precision;
mod sample;
mod summary;

use std::collections::BTreeMap;

pub use comparison::Comparison;
pub use correlation::Correlation;
pub use design::Design;
pub use sample::{Provenance, Sample};
pub use summary::{Estimate, Exceedance, QuantileEstimate, Summary};

use super::statistics::QuantileKind;
use super::{Distribution, Law};
use crate::{Error, Inputs, Model, Parameter, Result};

/// Uncertain inputs of a scenario: a distribution each, all independent.
///
/// It is the table `uncertainty` of a scenario file.
pub type Uncertainty = BTreeMap<Parameter, Distribution>;

/// A Monte Carlo experiment: which inputs vary, how points are chosen, what is asked of the result.
///
/// | setting | default | meaning |
/// | --- | --- | --- |
/// | [`vary`](Self::vary) | none | an uncertain input and its distribution |
/// | [`design`](Self::design) | random | how points are chosen |
/// | [`seed`](Self::seed) | 0 | of everything random |
/// | [`replicates`](Self::replicates) | 1 | independent randomisations that the points are split into; their spread gives the standard errors |
/// | [`probabilities`](Self::probabilities) | 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99 | quantiles reported |
/// | [`quantile_kind`](Self::quantile_kind) | 7 | their definition |
/// | [`thresholds`](Self::thresholds) | none | t of P(E > t) |
/// | [`tail_share`](Self::tail_share) | 0.05 | share of CVaR |
///
/// The numbers depend on the settings and the seed alone, not on how many threads work. Memory is 8 bytes
/// a point, and 8 more for each varied input under a Latin hypercube.
///
/// ```
/// use tunewise_cost::uncertainty::{Design, Distribution, MonteCarlo};
/// use tunewise_cost::{Inputs, Parameter};
///
/// # fn main() -> tunewise_cost::Result<()> {
/// let base = Inputs { data_volume: 5e4, param_count: 1e8, ..Inputs::default() };
/// let summary = MonteCarlo::new(&base)
///     .vary(Parameter::WeightA, &Distribution::Normal { mean: 1e5, sd: 1e4 })?
///     .design(Design::ScrambledSobol)
///     .replicates(16)
///     .thresholds(&[50.0])
///     .run(1 << 14)?;
/// assert!((summary.mean.value - 50.0).abs() < 1e-3); // E = a D / P here
/// assert!((summary.sd.value - 5.0).abs() < 1e-2);
/// assert!((summary.exceedances[0].probability.value - 0.5).abs() < 1e-3);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct MonteCarlo {
    model: Model,
    inputs: Inputs,
    uncertain: Vec<(Parameter, Law)>,
    design: Design,
    seed: u64,
    replicates: usize,
    probabilities: Vec<f64>,
    quantile_kind: QuantileKind,
    thresholds: Vec<f64>,
    tail_share: f64,
}

impl MonteCarlo {
    /// An experiment on these inputs, none of them uncertain yet.
    ///
    /// ```
    /// use tunewise_cost::uncertainty::MonteCarlo;
    ///
    /// let fault = MonteCarlo::new(&tunewise_cost::Inputs::default()).run(100).unwrap_err();
    /// assert_eq!(fault.to_string(), "uncertain inputs is 0, expected at least 1");
    /// ```
    #[must_use]
    pub fn new(inputs: &Inputs) -> Self {
        Self {
            model: Model::default(),
            inputs: *inputs,
            uncertain: Vec::new(),
            design: Design::default(),
            seed: 0,
            replicates: 1,
            probabilities: vec![0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99],
            quantile_kind: QuantileKind::default(),
            thresholds: Vec::new(),
            tail_share: 0.05,
        }
    }

    /// Makes an input uncertain; again for the same input, the last distribution counts.
    ///
    /// Inputs take the columns of the design in the order in which they were first named.
    ///
    /// # Errors
    /// As [`Distribution::law`].
    ///
    /// ```
    /// use tunewise_cost::uncertainty::{Design, Distribution, MonteCarlo};
    /// use tunewise_cost::{Inputs, Parameter};
    ///
    /// // E = a, at 1/8, 5/8, 7/8 and 3/8: four Sobol points in the middle of their quarters.
    /// let unit = Distribution::Uniform { low: 0.0, high: 1.0 };
    /// let experiment =
    ///     MonteCarlo::new(&Inputs::default()).vary(Parameter::WeightA, &unit)?.design(Design::Sobol);
    /// let twice = experiment.vary(Parameter::WeightA, &Distribution::Uniform { low: 0.0, high: 2.0 })?;
    /// assert_eq!(twice.run(4)?.mean.value, 1.0); // of 1/4, 5/4, 7/4 and 3/4
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    pub fn vary(mut self, parameter: Parameter, distribution: &Distribution) -> Result<Self> {
        let law = distribution.law()?;
        match self.uncertain.iter_mut().find(|(known, _)| *known == parameter) {
            Some(place) => place.1 = law,
            None => self.uncertain.push((parameter, law)),
        }
        Ok(self)
    }

    /// [`vary`](Self::vary) for every entry of a scenario's table.
    ///
    /// # Errors
    /// As [`Distribution::law`].
    ///
    /// ```
    /// use tunewise_cost::uncertainty::{Distribution, MonteCarlo, Uncertainty};
    /// use tunewise_cost::{Inputs, Parameter};
    /// # fn main() -> tunewise_cost::Result<()> {
    /// let mut table = Uncertainty::new();
    /// table.insert(Parameter::WeightA, Distribution::Uniform { low: 1.0, high: 3.0 });
    /// let summary = MonteCarlo::new(&Inputs::default()).vary_all(&table)?.run(1000)?;
    /// assert!(summary.maximum < 3.0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn vary_all(self, uncertainty: &Uncertainty) -> Result<Self> {
        uncertainty.iter().try_fold(self, |it, (&parameter, law)| it.vary(parameter, law))
    }

    /// Another model than the article's, or another root policy.
    ///
    /// ```
    /// use tunewise_cost::uncertainty::{Design, Distribution, MonteCarlo};
    /// use tunewise_cost::{Inputs, Model, RootPolicy, Parameter};
    ///
    /// // E = a, at 1/8, 5/8, 7/8 and 3/8: four Sobol points in the middle of their quarters.
    /// let unit = Distribution::Uniform { low: 0.0, high: 1.0 };
    /// let experiment =
    ///     MonteCarlo::new(&Inputs::default()).vary(Parameter::WeightA, &unit)?.design(Design::Sobol);
    /// let lower = Model { policy: RootPolicy::Minus, ..Model::default() };
    /// assert_eq!(experiment.model(lower).run(4)?.mean.value, 0.5); // the only root is either's
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    #[must_use]
    pub fn model(mut self, model: Model) -> Self {
        self.model = model;
        self
    }

    /// The same experiment on other inputs: with equal draws, for [`Sample::compare`].
    ///
    /// ```
    /// use tunewise_cost::uncertainty::{Design, Distribution, MonteCarlo};
    /// use tunewise_cost::{Inputs, Parameter};
    ///
    /// // E = a, at 1/8, 5/8, 7/8 and 3/8: four Sobol points in the middle of their quarters.
    /// let unit = Distribution::Uniform { low: 0.0, high: 1.0 };
    /// let experiment =
    ///     MonteCarlo::new(&Inputs::default()).vary(Parameter::WeightA, &unit)?.design(Design::Sobol);
    /// let doubled = experiment.inputs(&Inputs { data_volume: 2.0, ..Inputs::default() });
    /// assert_eq!(doubled.run(4)?.mean.value, 1.0); // 2·a at the same draws
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    #[must_use]
    pub fn inputs(mut self, inputs: &Inputs) -> Self {
        self.inputs = *inputs;
        self
    }

    /// How points are chosen.
    ///
    /// ```
    /// use tunewise_cost::uncertainty::{Design, Distribution, MonteCarlo};
    /// use tunewise_cost::{Inputs, Parameter};
    ///
    /// // E = a, at 1/8, 5/8, 7/8 and 3/8: four Sobol points in the middle of their quarters.
    /// let unit = Distribution::Uniform { low: 0.0, high: 1.0 };
    /// let experiment =
    ///     MonteCarlo::new(&Inputs::default()).vary(Parameter::WeightA, &unit)?.design(Design::Sobol);
    /// assert_eq!(experiment.run(4)?.mean.value, 0.5);
    /// assert_ne!(experiment.design(Design::Prng).run(4)?.mean.value, 0.5);
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    #[must_use]
    pub fn design(mut self, design: Design) -> Self {
        self.design = design;
        self
    }

    /// Seed of everything random.
    ///
    /// ```
    /// use tunewise_cost::uncertainty::{Design, Distribution, MonteCarlo};
    /// use tunewise_cost::{Inputs, Parameter};
    ///
    /// // E = a, at 1/8, 5/8, 7/8 and 3/8: four Sobol points in the middle of their quarters.
    /// let unit = Distribution::Uniform { low: 0.0, high: 1.0 };
    /// let experiment =
    ///     MonteCarlo::new(&Inputs::default()).vary(Parameter::WeightA, &unit)?.design(Design::Sobol);
    /// let random = experiment.design(Design::Prng);
    /// assert_eq!(random.clone().seed(1).run(100)?, random.clone().seed(1).run(100)?);
    /// assert_ne!(random.clone().seed(1).run(100)?.mean, random.seed(2).run(100)?.mean);
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// How many independent randomisations the points are split into.
    ///
    /// ```
    /// use tunewise_cost::uncertainty::{Design, Distribution, MonteCarlo};
    /// use tunewise_cost::{Inputs, Parameter};
    ///
    /// // E = a, at 1/8, 5/8, 7/8 and 3/8: four Sobol points in the middle of their quarters.
    /// let unit = Distribution::Uniform { low: 0.0, high: 1.0 };
    /// let experiment =
    ///     MonteCarlo::new(&Inputs::default()).vary(Parameter::WeightA, &unit)?.design(Design::Sobol);
    /// assert_eq!(experiment.run(64)?.mean.standard_error, None); // one set cannot tell
    /// let replicated = experiment.design(Design::ScrambledSobol).replicates(8);
    /// assert!(replicated.run(64)?.mean.standard_error.is_some_and(|error| error > 0.0));
    /// assert!(replicated.run(63).is_err()); // no multiple of 8
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    #[must_use]
    pub fn replicates(mut self, replicates: usize) -> Self {
        self.replicates = replicates;
        self
    }

    /// Which quantiles are reported.
    ///
    /// ```
    /// use tunewise_cost::uncertainty::{Design, Distribution, MonteCarlo};
    /// use tunewise_cost::{Inputs, Parameter};
    ///
    /// // E = a, at 1/8, 5/8, 7/8 and 3/8: four Sobol points in the middle of their quarters.
    /// let unit = Distribution::Uniform { low: 0.0, high: 1.0 };
    /// let experiment =
    ///     MonteCarlo::new(&Inputs::default()).vary(Parameter::WeightA, &unit)?.design(Design::Sobol);
    /// let summary = experiment.probabilities(&[0.0, 1.0]).run(4)?;
    /// let ends: Vec<f64> = summary.quantiles.iter().map(|at| at.quantile.value).collect();
    /// assert_eq!(ends, [0.125, 0.875]);
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    #[must_use]
    pub fn probabilities(mut self, probabilities: &[f64]) -> Self {
        self.probabilities = probabilities.to_vec();
        self
    }

    /// The definition of the quantiles.
    ///
    /// ```
    /// use tunewise_cost::uncertainty::{Design, Distribution, MonteCarlo, statistics::QuantileKind};
    /// use tunewise_cost::{Inputs, Parameter};
    ///
    /// // E = a, at 1/8, 5/8, 7/8 and 3/8: four Sobol points in the middle of their quarters.
    /// let unit = Distribution::Uniform { low: 0.0, high: 1.0 };
    /// let experiment =
    ///     MonteCarlo::new(&Inputs::default()).vary(Parameter::WeightA, &unit)?.design(Design::Sobol);
    /// let median = |kind| -> tunewise_cost::Result<f64> {
    ///     let asked = experiment.clone().probabilities(&[0.5]).quantile_kind(kind);
    ///     Ok(asked.run(4)?.quantiles[0].quantile.value)
    /// };
    /// // Kind 1 is a value of the sample, kind 7 lies halfway to the next.
    /// assert_eq!(median(QuantileKind::Type1)?, 0.375);
    /// assert_eq!(median(QuantileKind::Type7)?, 0.5);
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    #[must_use]
    pub fn quantile_kind(mut self, kind: QuantileKind) -> Self {
        self.quantile_kind = kind;
        self
    }

    /// Thresholds t of the reported P(E > t).
    ///
    /// ```
    /// use tunewise_cost::uncertainty::{Design, Distribution, MonteCarlo};
    /// use tunewise_cost::{Inputs, Parameter};
    ///
    /// // E = a, at 1/8, 5/8, 7/8 and 3/8: four Sobol points in the middle of their quarters.
    /// let unit = Distribution::Uniform { low: 0.0, high: 1.0 };
    /// let experiment =
    ///     MonteCarlo::new(&Inputs::default()).vary(Parameter::WeightA, &unit)?.design(Design::Sobol);
    /// let summary = experiment.thresholds(&[0.4]).run(4)?;
    /// assert_eq!(summary.exceedances[0].probability.value, 0.5); // 5/8 and 7/8
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    #[must_use]
    pub fn thresholds(mut self, thresholds: &[f64]) -> Self {
        self.thresholds = thresholds.to_vec();
        self
    }

    /// The share of the conditional value at risk.
    ///
    /// ```
    /// use tunewise_cost::uncertainty::{Design, Distribution, MonteCarlo};
    /// use tunewise_cost::{Inputs, Parameter};
    ///
    /// // E = a, at 1/8, 5/8, 7/8 and 3/8: four Sobol points in the middle of their quarters.
    /// let unit = Distribution::Uniform { low: 0.0, high: 1.0 };
    /// let experiment =
    ///     MonteCarlo::new(&Inputs::default()).vary(Parameter::WeightA, &unit)?.design(Design::Sobol);
    /// let summary = experiment.tail_share(0.5).run(4)?;
    /// assert_eq!(summary.conditional_value_at_risk.value, 0.25); // the mean of 1/8 and 3/8
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    #[must_use]
    pub fn tail_share(mut self, share: f64) -> Self {
        self.tail_share = share;
        self
    }

    /// Draws `points` points, solves each, and summarises.
    ///
    /// # Errors
    /// As [`sample`](Self::sample), and [`Error::Field`] for a probability or a tail share outside its
    /// range.
    ///
    /// ```
    /// use tunewise_cost::uncertainty::{Design, Distribution, MonteCarlo};
    /// use tunewise_cost::{Inputs, Parameter};
    ///
    /// // E = a, at 1/8, 5/8, 7/8 and 3/8: four Sobol points in the middle of their quarters.
    /// let unit = Distribution::Uniform { low: 0.0, high: 1.0 };
    /// let experiment =
    ///     MonteCarlo::new(&Inputs::default()).vary(Parameter::WeightA, &unit)?.design(Design::Sobol);
    /// let summary = experiment.run(4)?;
    /// assert_eq!((summary.minimum, summary.mean.value, summary.maximum), (0.125, 0.5, 0.875));
    /// assert_eq!(summary.no_equilibrium.value, 0.0);
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    pub fn run(&self, points: usize) -> Result<Summary> {
        self.sample(points)?.summary(self)
    }

    /// Whether the counts and probabilities make sense.
    fn validate(&self, points: usize) -> Result<()> {
        let field = |field, value, rule| Err(Error::Field { field, value, rule });
        if self.uncertain.is_empty() {
            return field("uncertain inputs", 0.0, "at least 1");
        }
        if self.replicates == 0 {
            return field("replicates", 0.0, "at least 1");
        }
        if points == 0 || !points.is_multiple_of(self.replicates) {
            return field("points", points as f64, "a positive multiple of the replicates");
        }
        if self.design == Design::Sobol && self.replicates > 1 {
            return field("replicates", self.replicates as f64, "1 without randomisation");
        }
        self.inputs.validate()
    }
}
