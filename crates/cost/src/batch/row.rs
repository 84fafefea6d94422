//! One row: the economic root in `f64` and whether it may stand.
//!
//! # Formula
//! With x = ν/q (for x = D/P: ν = D, q = P) everything is taken q times as large, so that nothing is
//! divided by q: S = o·A + q·p, B = q·p − o·A, K = A·p + G, Δ = S² + 4·o·q·G for q times A, G, S, B;
//! E₊ = 2K/(B + √Δ) for B > 0, else (√Δ − B)/(2·o·q). It is also right at o = 0.

/// In place of an answer that the kernel leaves to the accurate path: a NaN of its own.
pub(super) const SUSPECT: f64 = f64::from_bits(0x7ff8_0000_5b5b_ec75);

/// The sign bit: set where a number is below 0.
pub(super) const SIGN: u64 = 1 << 63;

/// Relative to its terms, a discriminant below this is left to the accurate path.
const NEAR_FOLD: f64 = 1.0 / (1_u64 << 40) as f64;

/// The conditioning above which the accurate path answers.
const MAX_CONDITION: f64 = 16_384.0;

/// Squares between these neither overflow nor lose bits.
const SMALLEST: f64 = 1e-200;
const LARGEST: f64 = 1e200;

/// A number above this has a square that loses no bits.
const SMALL: f64 = 1e-140;

/// The numbers of one row; x = effect/per.
pub(super) struct Row {
    pub(super) data: f64,
    pub(super) params: f64,
    pub(super) effect: f64,
    pub(super) per: f64,
    pub(super) a: f64,
    pub(super) b: f64,
    pub(super) c: f64,
    pub(super) d: f64,
    pub(super) k1: f64,
    pub(super) k2: f64,
    pub(super) l: f64,
    pub(super) m: f64,
    pub(super) n1: f64,
    pub(super) n2: f64,
    pub(super) o: f64,
    pub(super) p: f64,
}

/// The economic root of a row, and what its checks need: all but E are q times the model's.
struct Economic {
    value: f64,
    /// |b·T| + |c·C|, not yet times q.
    costs: f64,
    autonomous: f64,
    pull: f64,
    /// d·n2, whose rounding moves G.
    pulled: f64,
    baseline: f64,
    sum: f64,
    constant: f64,
    promoted: f64,
    discriminant: f64,
    width: f64,
}

#[inline(always)]
fn fma<const FMA: bool>(a: f64, b: f64, c: f64) -> f64 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

impl Row {
    /// E₊ and whether it is in doubt, by the sign bit.
    #[inline(always)]
    pub(super) fn answer<const FMA: bool, const CAREFUL: bool>(&self) -> (f64, u64) {
        let root = self.economic::<FMA>();
        if !CAREFUL {
            return (root.value, self.doubt::<FMA>(&root));
        }
        let admissible = (root.discriminant > 0.0) & ((root.sum > 0.0) | (root.promoted > 0.0));
        let sure = self.is_sure(&root, admissible);
        let value = if admissible { root.value } else { f64::NAN };
        if sure { (value, 0) } else { (SUSPECT, SIGN) }
    }

    /// No branch: the compiler makes selects of the conditions. Sums stand for products by 2 and 4, as
    /// they have units of their own in the processor.
    #[inline(always)]
    fn economic<const FMA: bool>(&self) -> Economic {
        let q = self.per;
        let time = fma::<FMA>(self.l, self.params, self.m);
        let labels = fma::<FMA>(self.k1, self.data, self.k2);
        let (by_time, by_labels) = (self.b * time, self.c * labels);
        let autonomous = fma::<FMA>(self.a, self.effect, q * (by_time + by_labels));
        let fixed = q * self.n2;
        let pull = self.d * fma::<FMA>(self.n1, self.effect, fixed);
        let baseline = q * self.p;
        let sum = fma::<FMA>(self.o, autonomous, baseline);
        let difference = (baseline + baseline) - sum;
        let constant = fma::<FMA>(autonomous, self.p, pull);
        let slope = q * self.o;
        let quarter = slope * pull;
        let half = quarter + quarter;
        let promoted = half + half;
        let discriminant = fma::<FMA>(sum, sum, promoted);
        let width = discriminant.sqrt();
        let positive = difference > 0.0;
        let numerator = if positive { constant + constant } else { width - difference };
        let denominator = if positive { difference + width } else { slope + slope };
        Economic {
            value: numerator / denominator,
            costs: by_time.abs() + by_labels.abs(),
            autonomous,
            pull,
            pulled: self.d * fixed,
            baseline,
            sum,
            constant,
            promoted,
            discriminant,
            width,
        }
    }

    /// No doubt is sufficient for everything that [`is_sure`](Self::is_sure) asks, with few operations.
    ///
    /// With s = |o·E| + |p| and t = |A| + 2·(|b·T| + |c·C|) + |E|, A with the sign of its sum: |a·x| and
    /// |E − A| are within t, |F| ≤ s and |G| ≤ t·s, so that κ·|E|·R ≤ 6·t·s + 4·|d·n2| + 2·|E|·R. Where
    /// that is within the limit, R is at least a 5,460th of |o·A| + |p| and of √(4·|o·G|), so Δ is clear
    /// of 0 too. A strict comparison fails where something has overflowed or is no number.
    #[inline(always)]
    fn doubt<const FMA: bool>(&self, root: &Economic) -> u64 {
        let size = root.value.abs();
        let span = fma::<FMA>(self.per, (root.costs + root.costs) + size, root.autonomous.abs());
        let sway = fma::<FMA>(self.o.abs(), size, self.p.abs());
        let moved = fma::<FMA>(span, sway, root.pulled.abs());
        let well_conditioned = moved < (MAX_CONDITION / 6.0 - 1.0) * (size * root.width);
        // Signs instead of comparisons: integer units look at them. D ≥ 0, P > 0, S ≥ 0.
        let valid = self.data.to_bits() | self.params.to_bits().wrapping_sub(1);
        let in_range = (size - SMALL).to_bits() | (root.width - SMALL).to_bits();
        let other = if well_conditioned { 0 } else { SIGN };
        valid | in_range | root.sum.to_bits() | other
    }

    /// Whether the kernel's answer may stand: κ within the limit, Δ clear of 0, nothing out of range.
    #[inline(always)]
    fn is_sure(&self, root: &Economic, admissible: bool) -> bool {
        let (size, q) = (root.value.abs(), self.per);
        let (slope, baseline) = (self.o.abs(), self.p.abs());
        let feedback = (self.o * root.value + self.p).abs();
        let terms = (self.a * self.effect).abs() + q * root.costs;
        let by_pull = 4.0 * (root.pull.abs() + root.pulled.abs());
        let by_feedback = (q * root.value - root.autonomous).abs() * (slope * size + baseline);
        let moved = terms * feedback + by_pull + by_feedback;
        let well_conditioned = moved <= (MAX_CONDITION - 2.0) * (size * root.width);
        let span = slope * root.autonomous.abs() + root.baseline.abs();
        let scale = span * span + root.promoted.abs();
        let clear = root.discriminant.abs() >= NEAR_FOLD * scale;
        let constant = root.constant.abs();
        let (least, most) = (scale.min(constant), scale.max(constant));
        let in_range = (least >= SMALLEST) & (most <= LARGEST);
        let valid = (self.data >= 0.0) & (self.params > 0.0) & (self.params < f64::INFINITY);
        clear & in_range & valid & (!admissible | well_conditioned)
    }
}
