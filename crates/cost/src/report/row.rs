//! An answer as a row of text, for comma-separated files.

use super::Report;
use crate::{Gradient, Parameter};

/// The columns before the partials.
const FIXED: [&str; 14] = [
    "status",
    "training_effect",
    "annotation_cost",
    "training_time",
    "promotion_cost",
    "effectiveness",
    "feedback",
    "admissible",
    "multiplier",
    "stability",
    "discriminant",
    "kappa",
    "condition",
    "margin",
];

impl Report {
    /// The names of the columns of [`row`](Self::row): the numbers of an answer, `partial_` and
    /// `elasticity_` by letter.
    ///
    /// ```
    /// let columns = tunewise_cost::Report::columns();
    /// assert_eq!(columns[0], "status");
    /// assert_eq!(columns[14..16], ["partial_D", "partial_P"]);
    /// ```
    #[must_use]
    pub fn columns() -> Vec<String> {
        let letters = |what: &'static str| {
            Parameter::ALL.into_iter().map(move |one| format!("{what}_{}", one.letter()))
        };
        let fixed = FIXED.into_iter().map(str::to_owned);
        fixed.chain(letters("partial")).chain(letters("elasticity")).collect()
    }

    /// The answer in the order of [`columns`](Self::columns), every number in full; what does not exist is
    /// empty.
    ///
    /// ```
    /// use tunewise_cost::{Inputs, Report, solve};
    ///
    /// # fn main() -> tunewise_cost::Result<()> {
    /// let row = Report::from(&solve(&Inputs::default())?).row();
    /// assert_eq!(row.len(), Report::columns().len());
    /// assert_eq!(row[..2], ["o_zero", "1"]);
    /// assert!(row.ends_with(&[String::new()])); // no elasticity at E = 0
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn row(&self) -> Vec<String> {
        let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
        let gradient = |gradient: Option<Gradient>| {
            Parameter::ALL.map(|parameter| number(gradient.map(|gradient| gradient.get(parameter))))
        };
        let fixed = [
            self.status.name().to_owned(),
            self.training_effect.to_string(),
            self.annotation_cost.to_string(),
            self.training_time.to_string(),
            self.promotion_cost.to_string(),
            number(self.effectiveness),
            number(self.feedback),
            self.admissible.to_string(),
            number(self.multiplier),
            self.stability.map(|stability| stability.name().to_owned()).unwrap_or_default(),
            self.discriminant.to_string(),
            number(self.kappa),
            number(self.condition),
            self.margin.to_string(),
        ];
        let partials = gradient(self.partials).into_iter().chain(gradient(self.elasticities));
        fixed.into_iter().chain(partials).collect()
    }
}
