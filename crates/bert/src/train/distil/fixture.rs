//! Reference values that `tests/fixtures/gen_distil.py` made.

use serde_json::Value;
use tch::{Kind, Tensor};

/// fp32 against float64.
const TOLERANCE: f64 = 2e-6;

pub(super) fn fixture() -> Value {
    serde_json::from_str(include_str!("../../../tests/fixtures/distil.json")).unwrap()
}

/// Nested lists of numbers.
pub(super) fn tensor(value: &Value) -> Tensor {
    fn flatten(value: &Value, out: &mut Vec<f32>) {
        match value.as_array() {
            Some(values) => values.iter().for_each(|value| flatten(value, out)),
            None => out.push(value.as_f64().unwrap() as f32),
        }
    }
    let (mut shape, mut numbers) = (Vec::new(), Vec::new());
    let mut first = value;
    while let Some(values) = first.as_array() {
        shape.push(values.len() as i64);
        first = &values[0];
    }
    flatten(value, &mut numbers);
    Tensor::from_slice(&numbers).view(&*shape)
}

/// `got` is `expected` relative to its largest number.
pub(super) fn check(got: &Tensor, expected: &Value, what: &str) {
    let expected = tensor(expected);
    assert_eq!(got.size(), expected.size(), "{what}");
    let largest = |t: Tensor| t.abs().max().to_kind(Kind::Double).double_value(&[]);
    let (error, size) = (largest(got.detach() - &expected), largest(expected));
    assert!(size > 0.0 && error <= TOLERANCE * size.max(1e-3), "{what}: {error} of {size}");
}
