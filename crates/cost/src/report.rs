//! An equilibrium as one flat answer, for files and programs.

mod row;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::{Branch, Contributions, Equilibrium, Gradient, Root, RootPolicy, Stability, Status};

/// Everything a scenario's answer says, ready to be written; what does not exist is `null`.
///
/// ```
/// use tunewise_cost::{Inputs, Report, solve};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let report = Report::from(&solve(&Inputs::default())?);
/// assert!(serde_json::to_string(&report)?.starts_with(r#"{"status":"o_zero""#));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// What kind of answer there is.
    pub status: Status,
    /// x.
    pub training_effect: f64,
    /// C.
    pub annotation_cost: f64,
    /// T.
    pub training_time: f64,
    /// M.
    pub promotion_cost: f64,
    /// E at the selected root.
    pub effectiveness: Option<f64>,
    /// F at the selected root.
    pub feedback: Option<f64>,
    /// Whether a root with a feedback above 0 is selected.
    pub admissible: bool,
    /// λ at the selected root.
    pub multiplier: Option<f64>,
    /// What λ means.
    pub stability: Option<Stability>,
    /// Δ.
    pub discriminant: f64,
    /// κ = o·G/S².
    pub kappa: Option<f64>,
    /// Σ|ε|.
    pub condition: Option<f64>,
    /// Δ/(S² + 4·|o·G|).
    pub margin: f64,
    /// Which root was asked for.
    pub policy: RootPolicy,
    /// All roots, the larger feedback first.
    pub roots: Vec<RootReport>,
    /// The terms of E.
    pub contributions: Option<Contributions>,
    /// ∂E/∂θ by letter.
    pub partials: Option<Gradient>,
    /// θ·(∂E/∂θ)/E by letter.
    pub elasticities: Option<Gradient>,
}

/// One root of a [`Report`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RootReport {
    /// E.
    pub effectiveness: f64,
    /// F.
    pub feedback: f64,
    /// λ.
    pub multiplier: f64,
    /// Which one.
    pub branch: Branch,
    /// What λ means.
    pub stability: Stability,
}

impl From<&Root> for RootReport {
    fn from(root: &Root) -> Self {
        Self {
            effectiveness: root.effectiveness,
            feedback: root.feedback,
            multiplier: root.multiplier,
            branch: root.branch,
            stability: root.stability,
        }
    }
}

impl From<&Equilibrium> for Report {
    fn from(answer: &Equilibrium) -> Self {
        let known = answer.effectiveness().is_some();
        Self {
            status: answer.status,
            training_effect: answer.training_effect,
            annotation_cost: answer.annotation_cost,
            training_time: answer.training_time,
            promotion_cost: answer.promotion_cost,
            effectiveness: answer.effectiveness(),
            feedback: answer.feedback(),
            admissible: answer.is_admissible(),
            multiplier: answer.multiplier(),
            stability: answer.stability(),
            discriminant: answer.discriminant,
            kappa: answer.kappa,
            condition: answer.condition(),
            margin: answer.margin,
            policy: answer.policy,
            roots: answer.roots().map(RootReport::from).collect(),
            contributions: answer.contributions().filter(|_| known),
            partials: answer.gradient(),
            elasticities: answer.elasticities(),
        }
    }
}

impl Serialize for Gradient {
    /// A map by letter.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(crate::Parameter::COUNT))?;
        for (parameter, value) in self.iter() {
            map.serialize_entry(parameter.letter(), &value)?;
        }
        map.end()
    }
}
