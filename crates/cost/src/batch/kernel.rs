//! The fast kernel: the economic root in `f64`, several rows at a time.
//!
//! The loops are plain; the compiler turns them into vector code of the widest set that the processor
//! has at run time. Every operation is rounded as IEEE 754 says, so a row's answer does not depend on
//! its place or on the width.
//!
//! # Formula
//! With x = ν/q (for x = D/P: ν = D, q = P) everything is taken q times as large, so that nothing is
//! divided by q: S = o·A + q·p, B = q·p − o·A, K = A·p + G, Δ = S² + 4·o·q·G for q times A, G, S, B;
//! E₊ = 2K/(B + √Δ) for B > 0, else (√Δ − B)/(2·o·q). It is also right at o = 0.

use multiversion::multiversion;
use multiversion::target::target_cfg_f;

use crate::Parameter;

/// Rows a pass: what the kernel touches stays in the first cache.
pub(super) const BLOCK: usize = 256;

/// In place of an answer that the kernel leaves to the accurate path: a NaN of its own.
pub(super) const SUSPECT: f64 = f64::from_bits(0x7ff8_0000_5b5b_ec75);

/// Relative to its terms, a discriminant below this is left to the accurate path.
const NEAR_FOLD: f64 = 1.0 / (1_u64 << 40) as f64;

/// The conditioning above which the accurate path answers.
const MAX_CONDITION: f64 = 16_384.0;

/// Squares between these neither overflow nor lose bits.
const SMALLEST: f64 = 1e-200;
const LARGEST: f64 = 1e200;

/// A number above this has a square that loses no bits.
const SMALL: f64 = 1e-140;

/// The sign bit: set where a number is below 0.
const SIGN: u64 = 1 << 63;

/// Sixteen slices of equal length, in [`Parameter::ALL`]'s order.
pub(super) type Lanes<'a> = [&'a [f64]; Parameter::COUNT];

/// What the rows of a batch share: the kernel keeps such numbers in registers, where reading them as
/// lanes would push the columns out of the first cache.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shared {
    /// b, l, m, c and k2: of what time and annotation cost.
    pub(super) costs: bool,
    /// n1, n2 and p.
    pub(super) market: bool,
}

/// Rows side by side.
pub(super) struct Block<'a> {
    pub(super) lanes: Lanes<'a>,
    pub(super) shared: Shared,
    /// x of every row, where it is not D/P.
    pub(super) effects: Option<&'a [f64]>,
}

/// E₊ of every row, NaN where it is not admissible, [`SUSPECT`] where the accurate path must answer;
/// returns whether there are such.
pub(super) fn evaluate(block: &Block<'_>, out: &mut [f64]) -> bool {
    let short = block.lanes.iter().chain(&block.effects).any(|lane| lane.len() < out.len());
    if short {
        out.fill(SUSPECT);
        return !out.is_empty();
    }
    // Most blocks pass a check that costs little; the others are computed again with a finer one.
    !swift(block, out) && careful(block, out)
}

/// Whether every row is beyond doubt; if not, `out` holds nothing of use.
#[multiversion(targets(
    "x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma",
    "x86_64+avx2+fma",
    "aarch64+neon"
))]
fn swift(block: &Block<'_>, out: &mut [f64]) -> bool {
    if cfg!(target_arch = "aarch64") || target_cfg_f!(target_feature = "fma") {
        swift_rows::<true>(block, out)
    } else {
        swift_rows::<false>(block, out)
    }
}

/// Marks the rows in doubt; returns whether there are any.
#[multiversion(targets(
    "x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma",
    "x86_64+avx2+fma",
    "aarch64+neon"
))]
fn careful(block: &Block<'_>, out: &mut [f64]) -> bool {
    let doubts = if cfg!(target_arch = "aarch64") || target_cfg_f!(target_feature = "fma") {
        rows::<true, true, false, false>(block, out)
    } else {
        rows::<false, true, false, false>(block, out)
    };
    doubts & SIGN != 0
}

#[inline(always)]
fn swift_rows<const FMA: bool>(block: &Block<'_>, out: &mut [f64]) -> bool {
    let Shared { costs, market } = block.shared;
    // Another training effect costs far more than the kernel: it gets no loops of its own.
    let doubts = match (block.effects.is_none() && costs, block.effects.is_none() && market) {
        (true, true) => rows::<FMA, false, true, true>(block, out),
        (true, false) => rows::<FMA, false, true, false>(block, out),
        (false, true) => rows::<FMA, false, false, true>(block, out),
        (false, false) => rows::<FMA, false, false, false>(block, out),
    };
    doubts & SIGN == 0
}

/// One loop over all rows; the sign bit of what it returns is set where a row is in doubt.
#[inline(always)]
fn rows<const FMA: bool, const CAREFUL: bool, const COSTS: bool, const MARKET: bool>(
    block: &Block<'_>,
    out: &mut [f64],
) -> u64 {
    let len = out.len();
    // Slices of a length that the compiler sees, so that it drops the checks in the loops.
    let [data, params, a, b, c, d, _, _, k1, k2, l, m, n1, n2, o, p] =
        block.lanes.map(|lane| &lane[..len]);
    let shared = block.lanes.map(|lane| lane.first().copied().unwrap_or_default());
    let [_, _, _, same_b, same_c, .., same_k2, same_l, same_m, same_n1, same_n2, _, same_p] =
        shared;
    let mut doubts = 0;
    macro_rules! each_row {
        ($i:ident, $effect:expr, $per:expr) => {
            for $i in 0..len {
                let row = Row {
                    data: data[$i],
                    params: params[$i],
                    effect: $effect,
                    per: $per,
                    a: a[$i],
                    b: if COSTS { same_b } else { b[$i] },
                    c: if COSTS { same_c } else { c[$i] },
                    d: d[$i],
                    k1: k1[$i],
                    k2: if COSTS { same_k2 } else { k2[$i] },
                    l: if COSTS { same_l } else { l[$i] },
                    m: if COSTS { same_m } else { m[$i] },
                    n1: if MARKET { same_n1 } else { n1[$i] },
                    n2: if MARKET { same_n2 } else { n2[$i] },
                    o: o[$i],
                    p: if MARKET { same_p } else { p[$i] },
                };
                let (value, doubt) = row.answer::<FMA, CAREFUL>();
                out[$i] = value;
                doubts |= doubt;
            }
        };
    }
    match block.effects {
        Some(effects) if !COSTS && !MARKET => {
            let effects = &effects[..len];
            each_row!(i, effects[i], 1.0);
        }
        _ => each_row!(i, data[i], params[i]),
    }
    doubts
}

/// The numbers of one row; x = effect/per.
struct Row {
    data: f64,
    params: f64,
    effect: f64,
    per: f64,
    a: f64,
    b: f64,
    c: f64,
    d: f64,
    k1: f64,
    k2: f64,
    l: f64,
    m: f64,
    n1: f64,
    n2: f64,
    o: f64,
    p: f64,
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
    fn answer<const FMA: bool, const CAREFUL: bool>(&self) -> (f64, u64) {
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
