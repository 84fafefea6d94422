//! Functions of one number, without branches, so that a loop over them becomes vector code.

/// `a * b + c`, in one instruction where there is one.
#[inline(always)]
pub(crate) fn multiply_add<const FMA: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

/// `coefficients[0] + x * (coefficients[1] + ...)`.
#[inline(always)]
fn polynomial<const FMA: bool, const N: usize>(x: f32, coefficients: [f32; N]) -> f32 {
    coefficients.iter().rev().fold(0.0, |sum, &c| multiply_add::<FMA>(sum, x, c))
}

/// 9 bits of ln 2, whose product with a small integer is exact.
pub(crate) const LN_2_HIGH: f32 = 0.693_359_4;
/// The rest of ln 2.
pub(crate) const LN_2_LOW: f32 = -2.121_944_4e-4;
/// 1 / n!
pub(crate) const EXP_SERIES: [f32; 8] =
    [1.0, 1.0, 1.0 / 2.0, 1.0 / 6.0, 1.0 / 24.0, 1.0 / 120.0, 1.0 / 720.0, 1.0 / 5040.0];

/// e to the x, to 2 units in the last place; 0 below -87, the value at 88 above that.
///
/// x = n ln 2 + r with |r| at most ln 2 / 2; the series of e^r up to r^7 / 7!, then the exponent.
#[inline(always)]
pub(crate) fn exp<const FMA: bool>(x: f32) -> f32 {
    /// Adding and subtracting it rounds to an integer.
    const ROUND: f32 = 12_582_912.0; // 1.5 * 2^23
    let clamped = x.clamp(-87.0, 88.0);
    let n = multiply_add::<FMA>(clamped, std::f32::consts::LOG2_E, ROUND) - ROUND;
    let r = multiply_add::<FMA>(n, -LN_2_HIGH, clamped);
    let r = multiply_add::<FMA>(n, -LN_2_LOW, r);
    let power = f32::from_bits(((n as i32 + 127) as u32) << 23);
    let value = polynomial::<FMA, 8>(r, EXP_SERIES) * power;
    if x < -87.0 { 0.0 } else { value }
}

/// [`erf`]'s coefficients above the line.
#[allow(clippy::approx_constant, reason = "a fitted coefficient, near 2/√π as it must be")]
pub(crate) const ERF_ABOVE: [f32; 6] =
    [1.128_379, 0.196_247_3, 0.053_467_244, 0.004_003_568, 2.880_386_3e-4, 1.974_830_9e-6];
/// And below it.
pub(crate) const ERF_BELOW: [f32; 6] =
    [1.0, 0.507_250_8, 0.116_475_72, 0.015_444_271, 0.001_216_339, 3.748_072e-5];

/// The error function, absolute error below 3e-7.
///
/// x times a ratio of polynomials in x², fitted by weighted least squares to the error function of 30
/// digits on [0, 4]; beyond 4 it is 1 to the last bit of fp32.
#[inline(always)]
pub(crate) fn erf<const FMA: bool>(x: f32) -> f32 {
    let x = x.clamp(-4.0, 4.0);
    let t = x * x;
    x * polynomial::<FMA, 6>(t, ERF_ABOVE) / polynomial::<FMA, 6>(t, ERF_BELOW)
}

/// The hyperbolic tangent, absolute error below 3e-7.
#[inline(always)]
pub(crate) fn tanh<const FMA: bool>(x: f32) -> f32 {
    // Beyond 9 it is 1 to the last bit.
    let power = exp::<FMA>(2.0 * x.clamp(-9.0, 9.0));
    1.0 - 2.0 / (power + 1.0)
}

/// 1 / (1 + e^-x).
#[inline(always)]
pub(crate) fn sigmoid<const FMA: bool>(x: f32) -> f32 {
    1.0 / (1.0 + exp::<FMA>(-x))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: f32, to: f32) -> impl Iterator<Item = f32> {
        const STEPS: usize = 20_000;
        (0..=STEPS).map(move |step| from + (to - from) * step as f32 / STEPS as f32)
    }

    // Expected from the standard library in f64.
    #[test]
    fn exp_is_right_to_two_units_and_nothing_below() {
        for x in range(-87.0, 88.0) {
            let expected = f64::from(x).exp();
            let error = (f64::from(exp::<false>(x)) - expected).abs() / expected;
            assert!(error < 2.5e-7, "{x}: {error}");
            assert!((exp::<true>(x) / exp::<false>(x) - 1.0).abs() < 5e-7);
        }
        assert_eq!((exp::<false>(-1e4), exp::<true>(f32::NEG_INFINITY)), (0.0, 0.0));
    }

    // Expected from mpmath 1.3, 20 digits: erf(x).
    #[test]
    fn erf_is_right_to_three_ten_millionths() {
        for (x, expected) in [
            (0.0, 0.0),
            (0.1, 0.112_462_916_018_284_9),
            (0.5, 0.520_499_877_813_046_5),
            (1.0, 0.842_700_792_949_714_9),
            (1.7, 0.983_790_458_590_774_5),
            (2.5, 0.999_593_047_982_555),
            (3.5, 0.999_999_256_901_627_6),
            (6.0, 0.99999999999999997848),
        ] {
            for sign in [1.0, -1.0] {
                let got = f64::from(erf::<true>(sign * x));
                approx::assert_abs_diff_eq!(got, f64::from(sign) * expected, epsilon = 3e-7);
            }
        }
    }

    #[test]
    fn tanh_is_right_to_three_ten_millionths() {
        for x in range(-12.0, 12.0) {
            let expected = f64::from(x).tanh();
            approx::assert_abs_diff_eq!(f64::from(tanh::<true>(x)), expected, epsilon = 3e-7);
        }
    }

    #[test]
    fn not_a_number_stays_one() {
        assert!(erf::<false>(f32::NAN).is_nan() && tanh::<false>(f32::NAN).is_nan());
        assert!(exp::<false>(f32::NAN).is_nan());
    }
}
