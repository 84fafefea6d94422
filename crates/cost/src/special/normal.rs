//! The standard normal law.
#![expect(clippy::excessive_precision, reason = "constants as published")]

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use multiversion::multiversion;

use super::elementary::ln;

/// Half-width of the central range of probabilities, `|p - 1/2|`, where one rational function serves.
const CENTRAL_HALF_WIDTH: f64 = 0.425;

/// Density of the standard normal law at `z`.
///
/// # Formula
/// e^(−z²/2)/√(2π).
///
/// ```
/// assert!((tunewise_cost::special::normal_pdf(0.0) - 0.398_942_280_401_432_7).abs() < 1e-16);
/// ```
pub fn normal_pdf(z: f64) -> f64 {
    (-0.5 * z * z).exp() / (2.0 * PI).sqrt()
}

/// Probability that a standard normal variate is at most `z`; the lower tail keeps its relative accuracy.
///
/// # Formula
/// ```text
/// Phi(z) = erfc(-z / sqrt 2) / 2
/// ```
///
/// ```
/// assert_eq!(tunewise_cost::special::normal_cdf(0.0), 0.5);
/// ```
pub fn normal_cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z * FRAC_1_SQRT_2)
}

/// Probability that a standard normal variate exceeds `z`.
///
/// # Formula
/// Φ(−z) = erfc(z/√2)/2.
///
/// ```
/// use tunewise_cost::special::{normal_cdf, normal_sf};
/// assert_eq!(normal_sf(1.3), normal_cdf(-1.3));
/// ```
pub fn normal_sf(z: f64) -> f64 {
    normal_cdf(-z)
}

/// The `p`-quantile of the standard normal law, about 1e-15 relative from `p` = 1e-300 on.
///
/// `-inf` at 0, `inf` at 1, NaN outside [0, 1].
///
/// # Reference
/// M. J. Wichura, "Algorithm AS 241: The percentage points of the normal distribution", Applied
/// Statistics 37 (1988) 477-484, routine PPND16.
///
/// ```
/// let z = tunewise_cost::special::normal_quantile(0.975);
/// assert!((z - 1.959_963_984_540_054).abs() < 1e-14);
/// ```
pub fn normal_quantile(p: f64) -> f64 {
    let centred = p - 0.5;
    if centred.abs() <= CENTRAL_HALF_WIDTH { central(centred) } else { tail(p) }
}

/// Replaces probabilities by quantiles, the same bits as [`normal_quantile`] gives.
pub(crate) fn normal_quantiles_in_place(values: &mut [f64]) {
    values.chunks_mut(BLOCK).for_each(block_in_place);
}

const BLOCK: usize = 256;

/// The central formula for all; then the one in seven that are outside, side by side.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx2", "x86_64+avx2"))]
fn block_in_place(block: &mut [f64]) {
    let (mut places, mut tails, mut count) = ([0; BLOCK], [0.5; BLOCK], 0);
    for (place, p) in block.iter().enumerate() {
        // Written always and kept by counting on: no branch to guess wrong.
        if let (Some(at), Some(tail)) = (places.get_mut(count), tails.get_mut(count)) {
            (*at, *tail) = (place, *p);
        }
        count += usize::from((p - 0.5).abs() > CENTRAL_HALF_WIDTH);
    }
    block.iter_mut().for_each(|value| *value = central(*value - 0.5));
    let mut scores = [0.0; BLOCK];
    for (z, &p) in scores.iter_mut().zip(&tails[..count]) {
        *z = near(p);
    }
    for ((&place, &p), &z) in places.iter().zip(&tails[..count]).zip(&scores) {
        if let Some(value) = block.get_mut(place) {
            *value = if p.min(1.0 - p) < FAR { tail(p) } else { z };
        }
    }
}

/// The quantile of `1/2 + centred` for `|centred|` at most [`CENTRAL_HALF_WIDTH`].
#[inline(always)]
fn central(centred: f64) -> f64 {
    let r = 0.180_625 - centred * centred;
    centred * horner(r, &CENTRAL_NUMERATOR) / horner(r, &CENTRAL_DENOMINATOR)
}

/// exp(-25): the last formula serves below.
const FAR: f64 = 1.388_794_386_496_402e-11;

/// The quantile where the smaller of p and 1 − p is from [`FAR`] to 0.075.
#[inline(always)]
fn near(p: f64) -> f64 {
    let lower = p < 0.5;
    let r = (-ln(if lower { p } else { 1.0 - p })).sqrt() - 1.6;
    let z = horner(r, &NEAR_NUMERATOR) / horner(r, &NEAR_DENOMINATOR);
    if lower { -z } else { z }
}

fn tail(p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    let (smaller, sign) = if p < 0.5 { (p, -1.0) } else { (1.0 - p, 1.0) };
    if smaller >= FAR {
        return near(p);
    }
    if smaller == 0.0 {
        return sign * f64::INFINITY;
    }
    let r = (-smaller.ln()).sqrt() - 5.0;
    sign * horner(r, &FAR_NUMERATOR) / horner(r, &FAR_DENOMINATOR)
}

/// A polynomial with its constant first. Plain products and sums: the same bits on every machine, and
/// `mul_add` without the hardware's instruction is a slow call.
#[inline(always)]
fn horner(x: f64, coefficients: &[f64; 8]) -> f64 {
    let [c0, c1, c2, c3, c4, c5, c6, c7] = coefficients;
    ((((((c7 * x + c6) * x + c5) * x + c4) * x + c3) * x + c2) * x + c1) * x + c0
}

const CENTRAL_NUMERATOR: [f64; 8] = [
    3.387_132_872_796_366_608_0,
    1.331_416_678_917_843_774_5e2,
    1.971_590_950_306_551_442_7e3,
    1.373_169_376_550_946_112_5e4,
    4.592_195_393_154_987_145_7e4,
    6.726_577_092_700_870_085_3e4,
    3.343_057_558_358_812_810_5e4,
    2.509_080_928_730_122_672_7e3,
];
const CENTRAL_DENOMINATOR: [f64; 8] = [
    1.0,
    4.231_333_070_160_091_125_2e1,
    6.871_870_074_920_579_083_0e2,
    5.394_196_021_424_751_107_7e3,
    2.121_379_430_158_659_586_7e4,
    3.930_789_580_009_271_061_0e4,
    2.872_908_573_572_194_267_4e4,
    5.226_495_278_852_854_561_0e3,
];
const NEAR_NUMERATOR: [f64; 8] = [
    1.423_437_110_749_683_577_34,
    4.630_337_846_156_545_295_90,
    5.769_497_221_460_691_405_50,
    3.647_848_324_763_204_605_04,
    1.270_458_252_452_368_382_58,
    2.417_807_251_774_506_117_70e-1,
    2.272_384_498_926_918_458_33e-2,
    7.745_450_142_783_414_076_40e-4,
];
const NEAR_DENOMINATOR: [f64; 8] = [
    1.0,
    2.053_191_626_637_758_821_87,
    1.676_384_830_183_803_849_40,
    6.897_673_349_851_000_045_50e-1,
    1.481_039_764_274_800_745_90e-1,
    1.519_866_656_361_645_719_66e-2,
    5.475_938_084_995_344_946_00e-4,
    1.050_750_071_644_416_843_24e-9,
];
const FAR_NUMERATOR: [f64; 8] = [
    6.657_904_643_501_103_777_20,
    5.463_784_911_164_114_369_90,
    1.784_826_539_917_291_335_80,
    2.965_605_718_285_048_912_30e-1,
    2.653_218_952_657_612_309_30e-2,
    1.242_660_947_388_078_438_60e-3,
    2.711_555_568_743_487_578_15e-5,
    2.010_334_399_292_288_132_65e-7,
];
const FAR_DENOMINATOR: [f64; 8] = [
    1.0,
    5.998_322_065_558_879_376_90e-1,
    1.369_298_809_227_358_053_10e-1,
    1.487_536_129_085_061_485_25e-2,
    7.868_691_311_456_132_591_00e-4,
    1.846_318_317_510_054_681_80e-5,
    1.421_511_758_316_445_888_70e-7,
    2.044_263_103_389_939_785_64e-15,
];
