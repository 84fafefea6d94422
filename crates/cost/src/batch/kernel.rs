//! The fast kernel: the economic root in `f64`, several rows at a time.
//!
//! The loops are plain; the compiler turns them into vector code of the widest set that the processor
//! has at run time. Every operation is rounded as IEEE 754 says, so a row's answer does not depend on
//! its place or on the width.

use multiversion::multiversion;
use multiversion::target::target_cfg_f;

use super::row::{Row, SIGN, SUSPECT};
use crate::Parameter;

/// Rows a pass: what the kernel touches stays in the first cache.
pub(super) const BLOCK: usize = 512;

/// Bytes of a vector, of a line of the cache.
const LINE: usize = 64;

/// How many rows to take first, so that the vectors written after them lie within lines: and those read
/// too, as columns that are large have the same place in their pages.
pub(super) fn rows_to_a_line(out: &[f64]) -> usize {
    out.as_ptr().align_offset(LINE).min(out.len())
}

/// Sixteen slices of equal length, in [`Parameter::ALL`]'s order.
pub(super) type Lanes<'a> = [&'a [f64]; Parameter::COUNT];

/// Of what time and annotation cost.
const COSTS: [Parameter; 5] = [
    Parameter::WeightB,
    Parameter::WeightC,
    Parameter::AnnotationFixed,
    Parameter::TimePerParameter,
    Parameter::TimeFixed,
];

/// Of the market: promotion and the feedback's baseline.
const MARKET: [Parameter; 3] =
    [Parameter::PromotionPerEffect, Parameter::PromotionFixed, Parameter::FeedbackBaseline];

/// Groups of inputs that all rows share. The kernel keeps these numbers in registers: read as lanes they
/// would push the columns out of the first cache.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shared {
    costs: bool,
    market: bool,
}

impl Shared {
    pub(super) fn of(is_shared: impl Fn(Parameter) -> bool) -> Self {
        let all = |group: &[Parameter]| group.iter().all(|&parameter| is_shared(parameter));
        Self { costs: all(&COSTS), market: all(&MARKET) }
    }

    /// Whether one value is enough.
    pub(super) fn holds(self, parameter: Parameter) -> bool {
        self.costs && COSTS.contains(&parameter) || self.market && MARKET.contains(&parameter)
    }
}

/// Rows side by side.
pub(super) struct Block<'a> {
    pub(super) lanes: Lanes<'a>,
    pub(super) shared: Shared,
    /// x of every row, where it is not D/P.
    pub(super) effects: Option<&'a [f64]>,
}

impl Block<'_> {
    fn is_whole(&self, rows: usize) -> bool {
        let enough = |parameter| if self.shared.holds(parameter) { 1 } else { rows };
        let mut lanes = self.lanes.iter().zip(Parameter::ALL);
        lanes.all(|(lane, parameter)| lane.len() >= enough(parameter))
            && self.effects.is_none_or(|effects| effects.len() >= rows)
    }
}

/// E₊ of every row, NaN where it is not admissible, [`SUSPECT`] where the accurate path must answer;
/// returns whether there are such.
pub(super) fn evaluate(block: &Block<'_>, out: &mut [f64]) -> bool {
    if !block.is_whole(out.len()) {
        out.fill(SUSPECT);
        return true;
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
    if cfg!(target_arch = "aarch64") || target_cfg_f!(target_feature = "fma") {
        careful_rows::<true>(block, out)
    } else {
        careful_rows::<false>(block, out)
    }
}

#[inline(always)]
fn swift_rows<const FMA: bool>(block: &Block<'_>, out: &mut [f64]) -> bool {
    let doubts = match block.shared {
        Shared { costs: true, market: true } => rows::<FMA, false, true, true>(block, out),
        Shared { costs: true, market: false } => rows::<FMA, false, true, false>(block, out),
        Shared { costs: false, market: true } => rows::<FMA, false, false, true>(block, out),
        Shared { costs: false, market: false } => rows::<FMA, false, false, false>(block, out),
    };
    doubts & SIGN == 0
}

#[inline(always)]
fn careful_rows<const FMA: bool>(block: &Block<'_>, out: &mut [f64]) -> bool {
    let doubts = match block.shared {
        Shared { costs: true, market: true } => rows::<FMA, true, true, true>(block, out),
        Shared { costs: true, market: false } => rows::<FMA, true, true, false>(block, out),
        Shared { costs: false, market: true } => rows::<FMA, true, false, true>(block, out),
        Shared { costs: false, market: false } => rows::<FMA, true, false, false>(block, out),
    };
    doubts & SIGN != 0
}

/// One loop over all rows; the sign bit of what it returns is set where a row is in doubt.
#[inline(always)]
fn rows<const FMA: bool, const CAREFUL: bool, const COSTS: bool, const MARKET: bool>(
    block: &Block<'_>,
    out: &mut [f64],
) -> u64 {
    let len = out.len();
    let [data, params, a, b, c, d, _, _, k1, k2, l, m, n1, n2, o, p] = block.lanes;
    // Slices of a length that the compiler sees, so that it drops the checks in the loops.
    let (data, params) = (&data[..len], &params[..len]);
    let (a, d, k1, o) = (&a[..len], &d[..len], &k1[..len], &o[..len]);
    let costs = if COSTS { 1 } else { len };
    let (b, c, k2, l, m) = (&b[..costs], &c[..costs], &k2[..costs], &l[..costs], &m[..costs]);
    let market = if MARKET { 1 } else { len };
    let (n1, n2, p) = (&n1[..market], &n2[..market], &p[..market]);
    let first = block.lanes.map(|lane| lane.first().copied().unwrap_or_default());
    let [_, _, _, same_b, same_c, .., same_k2, same_l, same_m, same_n1, same_n2, _, same_p] = first;
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
        None => each_row!(i, data[i], params[i]),
        Some(effects) => {
            let effects = &effects[..len];
            each_row!(i, effects[i], 1.0);
        }
    }
    doubts
}
