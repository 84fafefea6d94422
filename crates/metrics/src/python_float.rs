//! Floats as Python prints them.

/// `repr(value)`: the shortest digits that read back the same, `1e+16` from 1e16 on, `1e-05` below
/// 1e-4.
pub(crate) fn repr(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e16).contains(&size) {
        let text = format!("{value:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = match exponent.strip_prefix('-') {
            Some(exponent) => ('-', exponent),
            None => ('+', exponent),
        };
        return format!("{digits}e{sign}{exponent:0>2}");
    }
    format!("{value:?}")
}

#[cfg(test)]
mod tests {
    use super::repr;

    #[test]
    fn repr_is_pythons() {
        // Expected from CPython 3.11: repr(x).
        for (value, text) in [
            (1.0, "1.0"),
            (0.0, "0.0"),
            (0.30000000000000004, "0.30000000000000004"),
            (30000000000.0, "30000000000.0"),
            (1e16, "1e+16"),
            (1.5e-5, "1.5e-05"),
            (1e-4, "0.0001"),
            (1e300, "1e+300"),
            (f64::NAN, "nan"),
        ] {
            assert_eq!(repr(value), text);
        }
    }
}
