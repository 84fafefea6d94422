//! Exponential and logarithm without a branch, a table or a call, so that loops over them go through vector
//! instructions; the same bits on every machine.

/// ln 2 in two parts; the first has 21 trailing zeros, so that its product with an exponent is exact.
const LN_2_HIGH: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
const LN_2_LOW: f64 = f64::from_bits(0x3dea_39ef_3579_3c76);

/// The bits of √½, where mantissas are cut.
const ROOT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;

/// Added to a number below 2^51 in size it leaves the nearest integer in the low bits.
const TO_INTEGER: f64 = 6_755_399_441_055_744.0; // 1.5 · 2^52

/// 1/13!, 1/12!, ... 1/2!.
const INVERSE_FACTORIALS: [f64; 12] = [
    1.0 / 6_227_020_800.0,
    1.0 / 479_001_600.0,
    1.0 / 39_916_800.0,
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5_040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    0.5,
];

/// e to the power `x`, within 1 ulp where the result is normal.
///
/// # Formula
/// e^x = 2^k·e^r with |r| ≤ ln 2/2 and Taylor's series to r¹³, whose rest is below 5·10⁻¹⁸.
#[inline(always)]
pub(crate) fn exp(x: f64) -> f64 {
    // Beyond these the result is 0 or infinite; a NaN passes.
    let x = if x > 710.0 { 710.0 } else { x };
    let x = if x < -746.0 { -746.0 } else { x };
    let shifted = x * std::f64::consts::LOG2_E + TO_INTEGER;
    let k = shifted - TO_INTEGER;
    let r = (x - k * LN_2_HIGH) - k * LN_2_LOW;
    let series = INVERSE_FACTORIALS.iter().fold(0.0, |sum, coefficient| sum * r + coefficient);
    let value = 1.0 + (r + r * r * series);
    // Two factors, as 2^k alone may leave the range.
    let exponent = (shifted.to_bits() << 13) as i64 >> 13;
    let half = exponent >> 1;
    value * power_of_two(half) * power_of_two(exponent - half)
}

#[inline(always)]
fn power_of_two(exponent: i64) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

/// The natural logarithm of a normal number above 0, within 1 ulp.
///
/// # Reference
/// The argument's reduction and the coefficients of FreeBSD's msun, `e_log.c` (Sun Microsystems, 1993):
/// ln(1 + f) with s = f/(2 + f) by a polynomial in s² that errs by less than 2^-58.45.
#[inline(always)]
pub(crate) fn ln(x: f64) -> f64 {
    let above = x.to_bits().wrapping_sub(ROOT_HALF);
    let exponent = (above as i64 >> 52) as i32;
    let mantissa = f64::from_bits((above & (u64::MAX >> 12)).wrapping_add(ROOT_HALF));
    let (k, f) = (f64::from(exponent), mantissa - 1.0);
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let even = w * (LN[1] + w * (LN[3] + w * LN[5]));
    let odd = z * (LN[0] + w * (LN[2] + w * (LN[4] + w * LN[6])));
    let half_square = 0.5 * f * f;
    k * LN_2_HIGH - ((half_square - (s * (half_square + even + odd) + k * LN_2_LOW)) - f)
}

const LN: [f64; 7] = [
    6.666_666_666_666_735e-1,
    3.999_999_999_940_942e-1,
    2.857_142_874_366_239e-1,
    2.222_219_843_214_978_4e-1,
    1.818_357_216_161_805e-1,
    1.531_383_769_920_937_3e-1,
    1.479_819_860_511_658_6e-1,
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ulps(left: f64, right: f64) -> u64 {
        left.to_bits().abs_diff(right.to_bits())
    }

    // The standard library's are those of the system, within 1 ulp of the exact value.
    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn exp_is_the_systems(x in -708.0..709.7f64) {
            prop_assert!(ulps(exp(x), x.exp()) <= 1, "{x}: {} {}", exp(x), x.exp());
        }

        #[test]
        fn ln_is_the_systems(bits in f64::MIN_POSITIVE.to_bits()..f64::MAX.to_bits(), near in 0.5..2.0f64) {
            for x in [f64::from_bits(bits), near] {
                prop_assert!(ulps(ln(x), x.ln()) <= 1, "{x}: {} {}", ln(x), x.ln());
            }
        }
    }

    #[test]
    fn ends() {
        assert_eq!([exp(0.0), exp(-800.0), exp(800.0), ln(1.0)], [1.0, 0.0, f64::INFINITY, 0.0]);
        assert_eq!([exp(f64::NEG_INFINITY), exp(f64::INFINITY)], [0.0, f64::INFINITY]);
        assert!(exp(f64::NAN).is_nan());
        assert_eq!(exp(-744.0), (-744.0_f64).exp());
    }
}
