//! The factor of (XᵀWX)⁻¹, to the last digit.

use nalgebra::DMatrix;

use super::twofold::Twofold;

/// Each pass squares the distance from orthogonality and more; three reach the last digit from 0.5.
const PASSES: usize = 6;
/// Beyond this distance the series for the correction does not help.
const FAR: f64 = 0.5;
/// Within this distance the correction's own rounding is below that of the factor.
const NEAR: f64 = 1e-7;

/// Shifted columns, without rounding, and the weights of their rows.
pub(super) struct Shifted<'a> {
    pub(super) columns: &'a [&'a [f64]],
    pub(super) shifts: &'a [f64],
    pub(super) weights: Option<&'a [f64]>,
    pub(super) constant: bool,
}

impl Shifted<'_> {
    fn row(&self, row: usize) -> impl Iterator<Item = Twofold> + '_ {
        let constant = self.constant.then(|| Twofold::of(1.0));
        let at = move |(values, shift): (&&[f64], &f64)| {
            Twofold::difference(values.get(row).copied().unwrap_or(f64::NAN), *shift)
        };
        constant.into_iter().chain(self.columns.iter().zip(self.shifts).map(at))
    }

    fn weight(&self, row: usize) -> f64 {
        self.weights.and_then(|weights| weights.get(row)).copied().unwrap_or(1.0)
    }
}

/// L with (XᵀWX)⁻¹ = L·Lᵀ for shifted columns, in two parts: [terms, terms].
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Factor {
    high: DMatrix<f64>,
    low: DMatrix<f64>,
}

impl Factor {
    /// Refines an L, and Q = √W·X·L with it, to orthonormal columns.
    ///
    /// With M = LᵀXᵀWXL in twice the precision and F = I − M, L·(I − F)^(−½) is exact; a QR in `f64`
    /// leaves an F of about the squared condition of the scaled columns. Columns so nearly collinear
    /// that F is not small keep what the QR gave.
    ///
    /// # Reference
    /// Higham, *Accuracy and Stability of Numerical Algorithms* (2002), chapter 20; Björck (1996), 2.9.
    pub(super) fn refine(columns: &Shifted<'_>, first: DMatrix<f64>, q: &mut DMatrix<f64>) -> Self {
        let mut factor = Self { low: DMatrix::zeros(first.nrows(), first.ncols()), high: first };
        for _ in 0..PASSES {
            let images = factor.images(columns, q.nrows());
            let distance = factor.distance(columns, &images);
            let size = distance.norm();
            if size.is_nan() || size >= FAR {
                break;
            }
            // (I − F)^(−½) − I, to the third order.
            let correction = &distance * 0.5 + &distance * &distance * 0.375;
            let step = &factor.high * &correction;
            if size < NEAR {
                factor.low += step;
                *q = factor.orthonormal(columns, &images, &correction);
                break;
            }
            factor.high += step;
        }
        factor
    }

    /// X·L, [rows, terms] by rows.
    fn images(&self, columns: &Shifted<'_>, rows: usize) -> Vec<Vec<Twofold>> {
        let image = |row: usize| {
            let at: Vec<Twofold> = columns.row(row).collect();
            self.high.column_iter().map(|column| dot(&at, column.iter())).collect()
        };
        (0..rows).map(image).collect()
    }

    /// I − LᵀXᵀWXL.
    fn distance(&self, columns: &Shifted<'_>, images: &[Vec<Twofold>]) -> DMatrix<f64> {
        let terms = self.high.ncols();
        DMatrix::from_fn(terms, terms, |one, other| {
            let mut sum = Twofold::of(if one == other { -1.0 } else { 0.0 });
            for (row, image) in images.iter().enumerate() {
                if let (Some(x), Some(y)) = (image.get(one), image.get(other)) {
                    sum.add_product(x.times(columns.weight(row)), *y);
                }
            }
            -sum.value()
        })
    }

    fn orthonormal(
        &self,
        columns: &Shifted<'_>,
        images: &[Vec<Twofold>],
        correction: &DMatrix<f64>,
    ) -> DMatrix<f64> {
        let value = |row: usize, term: usize| {
            images.get(row).and_then(|image| image.get(term)).map_or(f64::NAN, |x| x.value())
        };
        let plain = DMatrix::from_fn(images.len(), self.high.ncols(), value);
        let mut q = &plain + &plain * correction;
        for (index, mut row) in q.row_iter_mut().enumerate() {
            row *= columns.weight(index).sqrt();
        }
        q
    }

    /// ‖Lᵀ·(point − shifts)‖²: (variance of the fitted mean)/σ².
    pub(super) fn leverage(&self, point: &[f64], shifts: &[f64]) -> f64 {
        let columns: Vec<&[f64]> = point.iter().map(std::slice::from_ref).collect();
        let constant = self.high.nrows() > shifts.len();
        let at: Vec<Twofold> =
            Shifted { columns: &columns, shifts, weights: None, constant }.row(0).collect();
        let pairs = self.high.column_iter().zip(self.low.column_iter());
        pairs
            .map(|(high, low)| {
                (dot(&at, high.iter()).value() + dot(&at, low.iter()).value()).powi(2)
            })
            .sum()
    }

    /// The map from Qᵀ√W·y to the coefficients of the columns as they are: the shifts go to the constant.
    pub(super) fn map(&self, shifts: &[f64], constant: bool) -> DMatrix<f64> {
        let mut map = &self.high + &self.low;
        if !constant {
            return map;
        }
        for (index, mut column) in map.column_iter_mut().enumerate() {
            let (high, low) = (self.high.column(index), self.low.column(index));
            let moved = |part: &[f64]| -> Option<Twofold> {
                let (first, rest) = part.split_first()?;
                let mut sum = Twofold::of(*first);
                rest.iter().zip(shifts).for_each(|(value, shift)| sum.add(-value, *shift));
                Some(sum)
            };
            if let (Some(high), Some(low), Some(first)) =
                (moved(high.as_slice()), moved(low.as_slice()), column.get_mut(0))
            {
                *first = high.high + (high.low + low.value());
            }
        }
        map
    }
}

fn dot<'a>(at: &[Twofold], column: impl Iterator<Item = &'a f64>) -> Twofold {
    let mut sum = Twofold::default();
    for (x, value) in at.iter().zip(column) {
        sum.add(x.high, *value);
        sum.low += x.low * value;
    }
    sum
}
