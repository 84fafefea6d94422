//! A fit as people and programs read it.

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::{BreuschPagan, Interval, LinearFit, Outlier, Result, RobustKind};
use crate::special::{f_sf, t_two_sided_p};

/// The level of the tests in a report's notes.
const LEVEL: f64 = 0.05;

/// A coefficient and what it is worth.
#[derive(Debug, Clone, PartialEq)]
pub struct TermReport {
    /// The column, or `intercept`.
    pub name: String,
    /// β.
    pub coefficient: f64,
    /// Its standard error, of the kind asked for.
    pub standard_error: f64,
    /// t = β/SE.
    pub t: f64,
    /// P(|t| this large or larger) if β were 0.
    pub p_value: f64,
    /// β ± t·SE at the confidence asked for.
    pub interval: Interval,
}

/// Everything about a linear fit, with one kind of standard errors and one confidence.
///
/// As JSON it is one object: `coefficients`, `standard_errors`, `t`, `p_values` and
/// `confidence_intervals` (pairs) are objects by term, then `r_squared`, `adjusted_r_squared`, `f`,
/// `f_p_value`, `aic`, `bic`, `residual_standard_error`, `n`, `df`, `durbin_watson`, `breusch_pagan`
/// and `outliers`. What is not a finite number is null.
#[derive(Debug, Clone, PartialEq)]
pub struct FitReport {
    /// The terms, `intercept` first where there is one.
    pub terms: Vec<TermReport>,
    /// R², centred where there is an intercept.
    pub r_squared: f64,
    /// R² for its degrees of freedom.
    pub adjusted_r_squared: f64,
    /// F of all terms but the constant; with robust errors, Wald's.
    pub f: Option<f64>,
    /// P(F this large or larger) if all those were 0.
    pub f_p_value: Option<f64>,
    /// Akaike's criterion.
    pub aic: f64,
    /// The Bayesian criterion.
    pub bic: f64,
    /// √(Σ w·e²/df).
    pub residual_standard_error: f64,
    /// Rows.
    pub n: usize,
    /// Rows less coefficients.
    pub df: usize,
    /// Of the residuals in the order of the rows.
    pub durbin_watson: f64,
    /// The test of equal variances, where it is defined.
    pub breusch_pagan: Option<BreuschPagan>,
    /// Rows that the others contradict or that decide the fit alone, at a level of 0.05.
    pub outliers: Vec<Outlier>,
}

impl LinearFit {
    /// Everything about the fit, with plain or robust standard errors, at a confidence such as 0.95.
    ///
    /// Robust t, p and intervals use Student's t with n − k degrees of freedom, and F is Wald's:
    /// statsmodels' `get_robustcov_results(kind)` of an `OLS` fit.
    ///
    /// ```
    /// use tunewise_cost::calibrate::{RobustKind, training_time};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let fit = training_time(&[1e8, 2e8, 3e8, 4e8], &[1.0, 2.1, 2.8, 4.3])?;
    /// let report = fit.report(Some(RobustKind::Hc3), 0.95)?;
    /// assert_eq!(report.terms[1].name, "param_count");
    /// let json = serde_json::to_value(&report)?;
    /// assert_eq!(json["coefficients"]["param_count"].as_f64(), Some(fit.coefficients()[1]));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`FitError::Confidence`](super::FitError::Confidence) if it is not between 0 and 1.
    pub fn report(&self, robust: Option<RobustKind>, confidence: f64) -> Result<FitReport> {
        let errors = match robust {
            None => self.standard_errors(),
            Some(kind) => self.robust(kind).standard_errors,
        };
        let f = robust.map_or_else(|| self.f(), |kind| self.robust_f(kind));
        let (df_model, df) = (self.df_model() as f64, self.df_residual() as f64);
        let checked = self.residual_report(LEVEL)?;
        Ok(FitReport {
            terms: self.term_reports(&errors, confidence)?,
            r_squared: self.r_squared(),
            adjusted_r_squared: self.adjusted_r_squared(),
            f,
            f_p_value: f.map(|f| f_sf(f, df_model, df)),
            aic: self.aic(),
            bic: self.bic(),
            residual_standard_error: self.residual_standard_error(),
            n: self.n(),
            df: self.df_residual(),
            durbin_watson: self.durbin_watson(),
            breusch_pagan: checked.breusch_pagan,
            outliers: checked.outliers,
        })
    }

    fn term_reports(&self, errors: &[f64], confidence: f64) -> Result<Vec<TermReport>> {
        let df = self.df_residual() as f64;
        let intervals = self.intervals(errors, confidence)?;
        let values = self.terms().iter().zip(self.coefficients());
        let rows = values.zip(errors.iter().zip(intervals));
        let row = |((name, &coefficient), (&standard_error, interval)): ((&String, _), _)| {
            let t = coefficient / standard_error;
            let (name, p_value) = (name.clone(), t_two_sided_p(t, df));
            TermReport { name, coefficient, standard_error, t, p_value, interval }
        };
        Ok(rows.map(row).collect())
    }
}

impl FitReport {
    /// Whether the Breusch-Pagan test rejects equal variances at 0.05: then robust errors are called
    /// for.
    ///
    /// # Reference
    /// Breusch and Pagan (1979), Koenker (1981): the p value of LM below 0.05.
    ///
    /// ```
    /// let fit = tunewise_cost::calibrate::annotation(&[1.0, 2.0, 3.0, 4.0], &[2.0, 3.1, 3.9, 5.0])?;
    /// assert!(!fit.report(None, 0.95)?.unequal_variances());
    /// # Ok::<(), tunewise_cost::calibrate::FitError>(())
    /// ```
    #[must_use]
    pub fn unequal_variances(&self) -> bool {
        self.breusch_pagan.is_some_and(|test| test.lm_p_value < LEVEL)
    }
}

impl Serialize for FitReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("FitReport", 17)?;
        let numbers: [(&'static str, Number); 4] = [
            ("coefficients", |term| term.coefficient),
            ("standard_errors", |term| term.standard_error),
            ("t", |term| term.t),
            ("p_values", |term| term.p_value),
        ];
        for (key, of) in numbers {
            object.serialize_field(key, &ByTerm(&self.terms, of))?;
        }
        let ends = |term: &TermReport| [term.interval.low, term.interval.high];
        object.serialize_field("confidence_intervals", &ByTerm(&self.terms, ends))?;
        object.serialize_field("r_squared", &self.r_squared)?;
        object.serialize_field("adjusted_r_squared", &self.adjusted_r_squared)?;
        object.serialize_field("f", &self.f)?;
        object.serialize_field("f_p_value", &self.f_p_value)?;
        object.serialize_field("aic", &self.aic)?;
        object.serialize_field("bic", &self.bic)?;
        object.serialize_field("residual_standard_error", &self.residual_standard_error)?;
        object.serialize_field("n", &self.n)?;
        object.serialize_field("df", &self.df)?;
        object.serialize_field("durbin_watson", &self.durbin_watson)?;
        object.serialize_field("breusch_pagan", &self.breusch_pagan)?;
        object.serialize_field("outliers", &self.outliers)?;
        object.end()
    }
}

/// A number of a term.
type Number = fn(&TermReport) -> f64;

/// An object with a key a term.
struct ByTerm<'a, F>(&'a [TermReport], F);

impl<T: Serialize, F: Fn(&TermReport) -> T> Serialize for ByTerm<'_, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|term| (&term.name, (self.1)(term))))
    }
}
