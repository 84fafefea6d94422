//! The numerical core: Householder QR of centred and scaled columns, with refinement.

use nalgebra::{DMatrix, DVector};

use super::FitError;
use super::factor::{Factor, Shifted};
use super::twofold::Twofold;

/// Steps of refinement: each gains as many digits as the scaled columns' squared condition leaves.
const REFINEMENTS: usize = 3;
/// A scaled column whose part outside the earlier ones is shorter than this many ulp a row is
/// dependent.
const DEPENDENT_ULPS: f64 = 8.0;

/// Checked columns.
pub(super) struct Problem<'a> {
    pub(super) response: &'a [f64],
    pub(super) columns: Vec<&'a [f64]>,
    pub(super) weights: Option<&'a [f64]>,
    pub(super) intercept: bool,
}

/// A term, by position, that is not determined.
pub(super) struct Dependent {
    term: usize,
    constant: bool,
}

impl Dependent {
    pub(super) fn name(self, terms: &[String]) -> FitError {
        let column = terms.get(self.term).cloned().unwrap_or_default();
        FitError::RankDeficient { column, constant: self.constant }
    }
}

/// The solution in terms of Q and the map from it to the coefficients.
///
/// With z the rows of Q scaled back, β = L·Qᵀy and cov β = σ²·L·Lᵀ.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Solved {
    /// Orthonormal columns, [rows, terms]; the constant's first.
    pub(super) q: DMatrix<f64>,
    /// L, [terms, terms].
    pub(super) map: DMatrix<f64>,
    /// L of the shifted columns.
    factor: Factor,
    /// What is taken from each predictor; 0 without an intercept.
    shifts: Vec<f64>,
    /// How long each shifted, weighted term is; the constant's first.
    pub(super) lengths: Vec<f64>,
    pub(super) coefficients: Vec<f64>,
    /// y − Xβ, not weighted.
    pub(super) residuals: Vec<f64>,
    /// Qᵀ·√w·(y − shift of y), by term.
    pub(super) effects: Vec<f64>,
    /// Largest over smallest singular value of √w·X.
    pub(super) condition: f64,
}

impl Solved {
    pub(super) fn new(problem: &Problem<'_>) -> Result<Self, Dependent> {
        let rows = problem.response.len();
        let roots: Vec<f64> = match problem.weights {
            Some(weights) => weights.iter().map(|weight| weight.sqrt()).collect(),
            None => vec![1.0; rows],
        };
        let shift = |values: &[f64]| if problem.intercept { mean(values, &roots) } else { 0.0 };
        let shifts: Vec<f64> = problem.columns.iter().map(|values| shift(values)).collect();
        let (scaled, lengths) = scaled_columns(problem, &roots, &shifts)?;
        let (mut q, r) = scaled.qr().unpack();
        let terms = lengths.len();
        let least = DEPENDENT_ULPS * f64::EPSILON * rows as f64;
        if let Some(term) = (0..terms).find(|&term| r[(term, term)].abs() <= least) {
            return Err(Dependent { term, constant: false });
        }
        let identity = DMatrix::identity(terms, terms);
        let mut first = r.solve_upper_triangular(&identity).unwrap_or(identity);
        for (mut row, length) in first.row_iter_mut().zip(&lengths) {
            row /= *length;
        }
        let columns = Shifted {
            columns: &problem.columns,
            shifts: &shifts,
            weights: problem.weights,
            constant: problem.intercept,
        };
        let factor = Factor::refine(&columns, first, &mut q);
        let center = shift(problem.response);
        let centered = problem.response.iter().zip(&roots).map(|(y, root)| (y - center) * root);
        let effects = q.tr_mul(&DVector::from_iterator(rows, centered));
        let map = factor.map(&shifts, problem.intercept);
        let mut solved = Self {
            coefficients: coefficients(&map, &effects, problem.intercept, center),
            effects: effects.iter().copied().collect(),
            condition: condition(problem, &roots, &map),
            residuals: Vec::new(),
            q,
            map,
            factor,
            shifts,
            lengths,
        };
        solved.refine(problem);
        Ok(solved)
    }

    /// Corrected semi-normal equations: β += L·Lᵀ·g with g = XᵀW(y − Xβ) in twice the precision, so
    /// that large residuals on nearly collinear columns cost no digits.
    fn refine(&mut self, problem: &Problem<'_>) {
        let mut rest = vec![0.0; self.coefficients.len()];
        for _ in 0..=REFINEMENTS {
            for (coefficient, rest) in self.coefficients.iter_mut().zip(&rest) {
                *coefficient += rest;
            }
            rest.fill(0.0);
            let gradient = gradient(problem, &residuals(problem, [&self.coefficients, &rest]));
            let step = &self.map * self.map.tr_mul(&DVector::from_vec(gradient));
            rest.copy_from_slice(step.as_slice());
        }
        // The last step is below the coefficients' rounding, not below that of small residuals.
        let residuals = residuals(problem, [&self.coefficients, &rest]);
        self.residuals = residuals.iter().map(|e| e.value()).collect();
    }

    /// (variance of the fitted mean at a point)/σ².
    pub(super) fn leverage_of(&self, point: &[f64]) -> f64 {
        self.factor.leverage(point, &self.shifts)
    }
}

fn scaled_columns(
    problem: &Problem<'_>,
    roots: &[f64],
    shifts: &[f64],
) -> Result<(DMatrix<f64>, Vec<f64>), Dependent> {
    let mut data: Vec<f64> = Vec::with_capacity(roots.len() * (shifts.len() + 1));
    let mut lengths = Vec::with_capacity(shifts.len() + 1);
    if problem.intercept {
        let length = norm(roots.iter().copied());
        data.extend(roots.iter().map(|root| root / length));
        lengths.push(length);
    }
    for (values, shift) in problem.columns.iter().zip(shifts) {
        let shifted = || values.iter().zip(roots).map(|(x, root)| (x - shift) * root);
        let length = norm(shifted());
        let size = norm(values.iter().zip(roots).map(|(x, root)| x * root));
        if length <= DEPENDENT_ULPS * f64::EPSILON * size || length == 0.0 {
            return Err(Dependent { term: lengths.len(), constant: true });
        }
        data.extend(shifted().map(|x| x / length));
        lengths.push(length);
    }
    Ok((DMatrix::from_vec(roots.len(), lengths.len(), data), lengths))
}

fn coefficients(
    map: &DMatrix<f64>,
    effects: &DVector<f64>,
    intercept: bool,
    center: f64,
) -> Vec<f64> {
    let mut found: Vec<f64> = (map * effects).iter().copied().collect();
    if let (true, Some(constant)) = (intercept, found.first_mut()) {
        *constant += center;
    }
    found
}

/// y − Xβ with error-free products and a compensated sum a row; β in two parts.
fn residuals(problem: &Problem<'_>, coefficients: [&[f64]; 2]) -> Vec<Twofold> {
    let constant = usize::from(problem.intercept);
    let row = |(index, y): (usize, &f64)| {
        let mut sum = Twofold::of(*y);
        for part in coefficients {
            let (intercept, slopes) = part.split_at(constant.min(part.len()));
            intercept.iter().for_each(|intercept| sum.add(-intercept, 1.0));
            for (values, coefficient) in problem.columns.iter().zip(slopes) {
                sum.add(-coefficient, values.get(index).copied().unwrap_or(f64::NAN));
            }
        }
        sum
    };
    problem.response.iter().enumerate().map(row).collect()
}

/// XᵀW·e of residuals in two parts, a term.
fn gradient(problem: &Problem<'_>, residuals: &[Twofold]) -> Vec<f64> {
    let weighted: Vec<Twofold> = match problem.weights {
        None => residuals.to_vec(),
        Some(weights) => residuals.iter().zip(weights).map(|(e, w)| e.times(*w)).collect(),
    };
    let sum = |values: &mut dyn Iterator<Item = f64>| {
        let mut sum = Twofold::default();
        for (e, x) in weighted.iter().zip(values) {
            sum.add(e.high, x);
            sum.low += e.low * x;
        }
        sum.value()
    };
    let constant = problem.intercept.then(|| sum(&mut std::iter::repeat(1.0)));
    let slopes = problem.columns.iter().map(|values| sum(&mut values.iter().copied()));
    constant.into_iter().chain(slopes).collect()
}

/// The mean by weights √w², near enough: any shift gives the same fit.
fn mean(values: &[f64], roots: &[f64]) -> f64 {
    let total: f64 = roots.iter().map(|root| root * root).sum();
    let first = values.first().copied().unwrap_or(0.0);
    let moved: f64 = values.iter().zip(roots).map(|(x, root)| (x - first) * root * root).sum();
    first + moved / total
}

fn norm(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = values.clone().fold(0.0_f64, |most, value| most.max(value.abs()));
    if largest == 0.0 {
        return 0.0;
    }
    largest * values.map(|value| (value / largest).powi(2)).sum::<f64>().sqrt()
}

/// ‖√w·X‖·‖L‖, as L·Lᵀ is (XᵀWX)⁻¹: the smallest singular value of √w·X itself would be lost.
fn condition(problem: &Problem<'_>, roots: &[f64], map: &DMatrix<f64>) -> f64 {
    let ones = problem.intercept.then(|| roots.to_vec());
    let columns = problem.columns.iter();
    let columns = columns.map(|values| values.iter().zip(roots).map(|(x, w)| x * w).collect());
    let data: Vec<f64> = ones.into_iter().chain(columns).flatten().collect();
    let columns = DMatrix::from_vec(roots.len(), map.nrows(), data);
    columns.singular_values().max() * map.clone().singular_values().max()
}
