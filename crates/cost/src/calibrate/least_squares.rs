//! The numerical core: Householder QR of centred and scaled columns, with refinement.

use nalgebra::{DMatrix, DVector};

use super::FitError;

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
    /// R⁻¹ of the scaled columns, [terms, terms].
    inverse_r: DMatrix<f64>,
    /// What is taken from each predictor; 0 without an intercept.
    shifts: Vec<f64>,
    /// What each shifted, weighted term is divided by; the constant's first.
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
        let (q, r) = scaled.qr().unpack();
        let terms = lengths.len();
        let least = DEPENDENT_ULPS * f64::EPSILON * rows as f64;
        if let Some(term) = (0..terms).find(|&term| r[(term, term)].abs() <= least) {
            return Err(Dependent { term, constant: false });
        }
        let identity = DMatrix::identity(terms, terms);
        let inverse_r = r.solve_upper_triangular(&identity).unwrap_or(identity);
        let center = shift(problem.response);
        let centered = problem.response.iter().zip(&roots).map(|(y, root)| (y - center) * root);
        let effects = q.tr_mul(&DVector::from_iterator(rows, centered));
        let map = map(&inverse_r, &lengths, &shifts, problem.intercept);
        let mut solved = Self {
            coefficients: coefficients(&map, &effects, problem.intercept, center),
            effects: effects.iter().copied().collect(),
            condition: condition(problem, &roots),
            residuals: Vec::new(),
            q,
            map,
            inverse_r,
            shifts,
            lengths,
        };
        solved.refine(problem);
        Ok(solved)
    }

    /// Corrected semi-normal equations: β += L·Lᵀ·g with g = XᵀW(y − Xβ) in twice the precision, so
    /// that large residuals on nearly collinear columns cost no digits.
    fn refine(&mut self, problem: &Problem<'_>) {
        for _ in 0..REFINEMENTS {
            let gradient = gradient(problem, &residuals(problem, &self.coefficients));
            let step = &self.map * self.map.tr_mul(&DVector::from_vec(gradient));
            for (coefficient, step) in self.coefficients.iter_mut().zip(step.iter()) {
                *coefficient += step;
            }
        }
        let residuals = residuals(problem, &self.coefficients);
        self.residuals = residuals.iter().map(Compensated::value).collect();
    }

    /// ‖R⁻ᵀz‖² where z is the point in scaled columns: (variance of the fitted mean)/σ².
    pub(super) fn leverage_of(&self, point: &[f64]) -> f64 {
        let intercept = self.lengths.len() > self.shifts.len();
        let constant = intercept.then_some(1.0);
        let shifted = point.iter().zip(&self.shifts).map(|(value, shift)| value - shift);
        let scaled = constant.into_iter().chain(shifted).zip(&self.lengths);
        let scaled: Vec<f64> = scaled.map(|(value, length)| value / length).collect();
        self.inverse_r.tr_mul(&DVector::from_vec(scaled)).norm_squared()
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

/// Coefficients of the columns as given from those of the shifted, scaled ones.
fn map(inverse_r: &DMatrix<f64>, lengths: &[f64], shifts: &[f64], intercept: bool) -> DMatrix<f64> {
    let mut map = inverse_r.clone();
    for (mut row, length) in map.row_iter_mut().zip(lengths) {
        row /= *length;
    }
    if intercept {
        let moved = (1..)
            .zip(shifts)
            .fold(map.row(0).into_owned(), |row, (term, shift)| row - map.row(term) * *shift);
        map.set_row(0, &moved);
    }
    map
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

/// y − Xβ with error-free products and a compensated sum a row.
fn residuals(problem: &Problem<'_>, coefficients: &[f64]) -> Vec<Compensated> {
    let constant = usize::from(problem.intercept);
    let intercept = coefficients.first().filter(|_| problem.intercept).copied().unwrap_or(0.0);
    let row = |(index, y): (usize, &f64)| {
        let mut sum = Compensated { high: *y, low: 0.0 };
        sum.add(-intercept, 1.0);
        for (values, coefficient) in problem.columns.iter().zip(coefficients.iter().skip(constant))
        {
            sum.add(-coefficient, values.get(index).copied().unwrap_or(f64::NAN));
        }
        sum
    };
    problem.response.iter().enumerate().map(row).collect()
}

/// XᵀW·e of residuals in two parts, a term.
fn gradient(problem: &Problem<'_>, residuals: &[Compensated]) -> Vec<f64> {
    let weighted: Vec<Compensated> = match problem.weights {
        None => residuals.to_vec(),
        Some(weights) => residuals.iter().zip(weights).map(|(e, w)| e.times(*w)).collect(),
    };
    let sum = |values: &mut dyn Iterator<Item = f64>| {
        let mut sum = Compensated { high: 0.0, low: 0.0 };
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

/// A sum in two parts.
#[derive(Debug, Clone, Copy)]
struct Compensated {
    high: f64,
    low: f64,
}

impl Compensated {
    /// Adds a product; errors of product and sum go to the low part.
    fn add(&mut self, one: f64, other: f64) {
        let product = one * other;
        let error = one.mul_add(other, -product);
        let sum = self.high + product;
        let part = sum - self.high;
        self.low += (self.high - (sum - part)) + (product - part) + error;
        self.high = sum;
    }

    fn times(&self, factor: f64) -> Self {
        let high = self.high * factor;
        Self { high, low: self.high.mul_add(factor, -high) + self.low * factor }
    }

    fn value(&self) -> f64 {
        self.high + self.low
    }
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

fn condition(problem: &Problem<'_>, roots: &[f64]) -> f64 {
    let ones = problem.intercept.then(|| roots.to_vec());
    let columns = problem.columns.iter();
    let columns = columns.map(|values| values.iter().zip(roots).map(|(x, w)| x * w).collect());
    let data: Vec<f64> = ones.into_iter().chain(columns).flatten().collect();
    let terms = problem.columns.len() + usize::from(problem.intercept);
    let values = DMatrix::from_vec(roots.len(), terms, data).singular_values();
    values.max() / values.min()
}
