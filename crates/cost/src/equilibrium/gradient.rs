//! Partials, elasticities and the Hessian at a root.

use super::answer::Equilibrium;
use super::root::Root;
use crate::Parameter;
use crate::numerics::Wide;

/// One number for each input.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gradient([f64; Parameter::COUNT]);

impl Gradient {
    /// The number of one input.
    ///
    /// ```
    /// use tunewise_cost::{Inputs, Parameter, solve};
    ///
    /// // A = 0, G = 4, o = 1, p = 3: F² - 3F - 4 = 0, so F is 4 or -1.
    /// let answer = solve(
    ///     &Inputs::default()
    ///         .with(Parameter::WeightD, 1.0)
    ///         .with(Parameter::PromotionFixed, 4.0)
    ///         .with(Parameter::FeedbackSlope, 1.0)
    ///         .with(Parameter::FeedbackBaseline, 3.0),
    /// )?;
    /// let gradient = answer.gradient().unwrap();
    /// assert_eq!(gradient.get(Parameter::PromotionFixed), 0.2); // d/R with R = 4 - (-1)
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    #[must_use]
    pub fn get(&self, parameter: Parameter) -> f64 {
        self.0.get(parameter.index()).copied().unwrap_or(0.0)
    }

    /// All, in the order of [`Parameter::ALL`].
    ///
    /// ```
    /// use tunewise_cost::{Inputs, Parameter, solve};
    ///
    /// // A = 0, G = 4, o = 1, p = 3: F² - 3F - 4 = 0, so F is 4 or -1.
    /// let answer = solve(
    ///     &Inputs::default()
    ///         .with(Parameter::WeightD, 1.0)
    ///         .with(Parameter::PromotionFixed, 4.0)
    ///         .with(Parameter::FeedbackSlope, 1.0)
    ///         .with(Parameter::FeedbackBaseline, 3.0),
    /// )?;
    /// let all = answer.gradient().unwrap().to_array();
    /// let at = Parameter::ALL.iter().position(|one| *one == Parameter::WeightD).unwrap();
    /// assert_eq!(all[at], 0.8); // ∂E/∂d = M/R = 4/5
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    #[must_use]
    pub fn to_array(&self) -> [f64; Parameter::COUNT] {
        self.0
    }

    /// Each input with its number.
    ///
    /// ```
    /// use tunewise_cost::{Inputs, Parameter, solve};
    ///
    /// // A = 0, G = 4, o = 1, p = 3: F² - 3F - 4 = 0, so F is 4 or -1.
    /// let answer = solve(
    ///     &Inputs::default()
    ///         .with(Parameter::WeightD, 1.0)
    ///         .with(Parameter::PromotionFixed, 4.0)
    ///         .with(Parameter::FeedbackSlope, 1.0)
    ///         .with(Parameter::FeedbackBaseline, 3.0),
    /// )?;
    /// let gradient = answer.gradient().unwrap();
    /// let falling: Vec<Parameter> =
    ///     gradient.iter().filter(|(_, slope)| *slope < 0.0).map(|(parameter, _)| parameter).collect();
    /// assert_eq!(falling, [Parameter::FeedbackSlope, Parameter::FeedbackBaseline]);
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = (Parameter, f64)> + '_ {
        Parameter::ALL.into_iter().zip(self.0)
    }

    /// The inputs whose number is not 0, the largest in size first; equal sizes keep their order.
    ///
    /// ```
    /// use tunewise_cost::{Inputs, Parameter, solve};
    ///
    /// // E = a·D/P - c·k1·D = 6 - 2.
    /// let inputs = Inputs { data_volume: 2.0, ..Inputs::default() }
    ///     .with(Parameter::WeightA, 3.0)
    ///     .with(Parameter::WeightC, -1.0)
    ///     .with(Parameter::AnnotationPerSample, 1.0);
    /// let ranked = solve(&inputs)?.elasticities().unwrap().ranked();
    /// let letters: Vec<&str> = ranked.iter().map(|(parameter, _)| parameter.letter()).collect();
    /// assert_eq!(letters, ["P", "a", "D", "c", "k1"]); // -1.5, 1.5, 1, -0.5, -0.5
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    #[must_use]
    pub fn ranked(&self) -> Vec<(Parameter, f64)> {
        let mut order: Vec<(Parameter, f64)> =
            self.iter().filter(|(_, value)| *value != 0.0).collect();
        order.sort_by(|one, other| other.1.abs().total_cmp(&one.1.abs()));
        order
    }
}

/// Second partials of E in A (everything but promotion) and G (promotion).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hessian {
    /// ∂²E/∂A².
    pub autonomous: f64,
    /// ∂²E/∂A∂G.
    pub mixed: f64,
    /// ∂²E/∂G².
    pub pull: f64,
}

impl Equilibrium {
    /// The partials ∂E/∂θ at the selected root; none without one or at a fold.
    ///
    /// # Formula
    /// With E_A = F/R, E_G = 1/R, R = F − F_other: ∂E/∂a = x·E_A, ∂E/∂d = M·E_G,
    /// ∂E/∂D = (a·x_D + c·k1)·E_A + d·n1·x_D·E_G, ∂E/∂o = −(G/F)·E/R, and so on: the implicit
    /// function theorem on F² − S·F − o·G = 0.
    ///
    /// ```
    /// use tunewise_cost::{Inputs, Parameter, solve};
    ///
    /// // A = 0, G = 4, o = 1, p = 3: F² - 3F - 4 = 0, so F is 4 or -1.
    /// let answer = solve(
    ///     &Inputs::default()
    ///         .with(Parameter::WeightD, 1.0)
    ///         .with(Parameter::PromotionFixed, 4.0)
    ///         .with(Parameter::FeedbackSlope, 1.0)
    ///         .with(Parameter::FeedbackBaseline, 3.0),
    /// )?;
    /// let gradient = answer.gradient().unwrap();
    /// // E_G = 1/R = 1/5; ∂E/∂d = M·E_G, ∂E/∂n2 = d·E_G, ∂E/∂p = -(G/F)/R.
    /// assert_eq!(gradient.get(Parameter::WeightD), 0.8);
    /// assert_eq!(gradient.get(Parameter::PromotionFixed), 0.2);
    /// assert_eq!(gradient.get(Parameter::FeedbackBaseline), -0.2);
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    #[must_use]
    pub fn gradient(&self) -> Option<Gradient> {
        self.selected().and_then(|root| self.gradient_at(root))
    }

    /// The partials at a given root of this equilibrium.
    ///
    /// # Formula
    /// As [`gradient`](Self::gradient), with F the root's and F_other the other's; none at a fold.
    ///
    /// ```
    /// use tunewise_cost::{Inputs, Parameter, solve};
    ///
    /// // A = 0, G = 4, o = 1, p = 3: F² - 3F - 4 = 0, so F is 4 or -1.
    /// let answer = solve(
    ///     &Inputs::default()
    ///         .with(Parameter::WeightD, 1.0)
    ///         .with(Parameter::PromotionFixed, 4.0)
    ///         .with(Parameter::FeedbackSlope, 1.0)
    ///         .with(Parameter::FeedbackBaseline, 3.0),
    /// )?;
    /// let lower = answer.lower.unwrap();
    /// let gradient = answer.gradient_at(&lower).unwrap();
    /// assert_eq!(gradient.get(Parameter::WeightD), -0.8); // M/R with R = -1 - 4
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    #[must_use]
    pub fn gradient_at(&self, root: &Root) -> Option<Gradient> {
        self.partials(root).map(|partials| Gradient(partials.map(Wide::to_f64)))
    }

    /// The elasticities ε = θ·(∂E/∂θ)/E at the selected root; none at E = 0.
    ///
    /// An elasticity is the percentage by which E moves for one per cent of θ.
    ///
    /// ```
    /// use tunewise_cost::{Inputs, Parameter, solve};
    ///
    /// // A = 0, G = 4, o = 1, p = 3: F² - 3F - 4 = 0, so F is 4 or -1.
    /// let answer = solve(
    ///     &Inputs::default()
    ///         .with(Parameter::WeightD, 1.0)
    ///         .with(Parameter::PromotionFixed, 4.0)
    ///         .with(Parameter::FeedbackSlope, 1.0)
    ///         .with(Parameter::FeedbackBaseline, 3.0),
    /// )?;
    /// let by = answer.elasticities().unwrap();
    /// assert_eq!(by.get(Parameter::WeightD), 0.8); // 1·0.8/1
    /// assert!((by.get(Parameter::FeedbackBaseline) + 0.6).abs() < 1e-15); // 3·(-0.2)/1
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    #[must_use]
    pub fn elasticities(&self) -> Option<Gradient> {
        let root = self.selected().filter(|root| root.effectiveness != 0.0)?;
        let effectiveness = Wide::from_f64(root.effectiveness);
        let mut partials = self.partials(root)?;
        for (partial, input) in partials.iter_mut().zip(self.inputs.to_array()) {
            *partial = (*partial * Wide::from_f64(input)).over(effectiveness);
        }
        Some(Gradient(partials.map(Wide::to_f64)))
    }

    /// Σ|ε| over the inputs: the relative condition of E.
    ///
    /// ```
    /// use tunewise_cost::{Inputs, Parameter, solve};
    ///
    /// // A = 0, G = 4, o = 1, p = 3: F² - 3F - 4 = 0, so F is 4 or -1.
    /// let answer = solve(
    ///     &Inputs::default()
    ///         .with(Parameter::WeightD, 1.0)
    ///         .with(Parameter::PromotionFixed, 4.0)
    ///         .with(Parameter::FeedbackSlope, 1.0)
    ///         .with(Parameter::FeedbackBaseline, 3.0),
    /// )?;
    /// // d and n2 0.8 each, p 0.6, o 0.2, all others 0.
    /// assert!((answer.condition().unwrap() - 2.4).abs() < 1e-15);
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    #[must_use]
    pub fn condition(&self) -> Option<f64> {
        self.elasticities().map(|by| by.to_array().iter().map(|value| value.abs()).sum())
    }

    /// The Hessian of E in (A, G) at the selected root.
    ///
    /// # Formula
    /// E_AA = 2o²G/R³, E_AG = −oS/R³, E_GG = −2o/R³. Its determinant is −o²/R⁴: for o ≠ 0 the
    /// surface is a saddle, never concave or convex in both.
    ///
    /// ```
    /// use tunewise_cost::{Inputs, Parameter, solve};
    ///
    /// // A = 0, G = 4, o = 1, p = 3: F² - 3F - 4 = 0, so F is 4 or -1.
    /// let answer = solve(
    ///     &Inputs::default()
    ///         .with(Parameter::WeightD, 1.0)
    ///         .with(Parameter::PromotionFixed, 4.0)
    ///         .with(Parameter::FeedbackSlope, 1.0)
    ///         .with(Parameter::FeedbackBaseline, 3.0),
    /// )?;
    /// let hessian = answer.hessian_ag().unwrap();
    /// assert!((hessian.autonomous - 8.0 / 125.0).abs() < 1e-15);
    /// assert!((hessian.mixed + 3.0 / 125.0).abs() < 1e-15);
    /// let determinant = hessian.autonomous * hessian.pull - hessian.mixed * hessian.mixed;
    /// assert!((determinant + 1.0 / 625.0).abs() < 1e-15);
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    #[must_use]
    pub fn hessian_ag(&self) -> Option<Hessian> {
        let by_pull = self.selected()?.slopes?.pull;
        let cube = by_pull * by_pull * by_pull;
        let slope = Wide::from_f64(self.inputs.feedback.per_effectiveness);
        let two = Wide::from_f64(2.0);
        let (pull, sum) = (Wide::from_f64(self.pull), Wide::from_f64(self.feedback_sum));
        Some(Hessian {
            autonomous: (two * slope * slope * pull * cube).to_f64(),
            mixed: (-(slope * sum * cube)).to_f64(),
            pull: (-(two * slope * cube)).to_f64(),
        })
    }

    fn partials(&self, root: &Root) -> Option<[Wide; Parameter::COUNT]> {
        let by = root.slopes?;
        let wide = |parameter: Parameter| Wide::from_f64(self.inputs.get(parameter));
        let effect = self.training_effect_kind.at(&self.inputs);
        let (by_data, by_params) =
            (Wide::from_f64(effect.by_data), Wide::from_f64(effect.by_params));
        let [a, b, c, d] =
            [Parameter::WeightA, Parameter::WeightB, Parameter::WeightC, Parameter::WeightD]
                .map(wide);
        let x = Wide::from_f64(self.training_effect);
        let promoted = d * wide(Parameter::PromotionPerEffect) * by.pull;
        let labels = c * wide(Parameter::AnnotationPerSample);
        let hours = b * wide(Parameter::TimePerParameter);
        Some([
            (a * by_data + labels) * by.autonomous + promoted * by_data,
            (a * by_params + hours) * by.autonomous + promoted * by_params,
            x * by.autonomous,
            Wide::from_f64(self.training_time) * by.autonomous,
            Wide::from_f64(self.annotation_cost) * by.autonomous,
            Wide::from_f64(self.promotion_cost) * by.pull,
            Wide::ZERO,
            Wide::ZERO,
            c * wide(Parameter::DataVolume) * by.autonomous,
            c * by.autonomous,
            b * wide(Parameter::ParamCount) * by.autonomous,
            b * by.autonomous,
            d * x * by.pull,
            d * by.pull,
            by.slope,
            by.baseline,
        ])
    }
}
