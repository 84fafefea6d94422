//! The reference values' short names for inputs and distributions.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use serde_json::Value;
use tunewise_cost::Inputs;
use tunewise_cost::uncertainty::Distribution;

/// Inputs from an object by letter.
pub(crate) fn lettered(values: &Value) -> Inputs {
    let mut inputs = Inputs::default();
    for (letter, value) in values.as_object().unwrap() {
        inputs.set(letter.parse().unwrap(), value.as_f64().unwrap());
    }
    inputs
}

/// A family with the table's short parameter names, by ours.
pub(crate) fn distribution(name: &str, parameters: &Value) -> Distribution {
    let of = |key: &str| parameters[key].as_f64().unwrap();
    match name {
        "normal" => Distribution::Normal { mean: of("mean"), sd: of("sd") },
        "lognormal" => Distribution::LogNormal { mu: of("mu"), sigma: of("sigma"), shift: 0.0 },
        "uniform" => Distribution::Uniform { low: of("a"), high: of("b") },
        "loguniform" => Distribution::LogUniform { low: of("a"), high: of("b") },
        "triangular" => Distribution::Triangular { low: of("a"), mode: of("mode"), high: of("b") },
        "pert" => Distribution::Pert {
            low: of("a"),
            mode: of("mode"),
            high: of("b"),
            lambda: of("lambda"),
        },
        "beta" => Distribution::Beta { alpha: of("alpha"), beta: of("beta"), low: 0.0, high: 1.0 },
        "gamma" => Distribution::Gamma { shape: of("shape"), scale: of("scale") },
        "truncnormal" => Distribution::TruncatedNormal {
            mean: of("mean"),
            sd: of("sd"),
            low: of("lo"),
            high: of("hi"),
        },
        other => panic!("{other}"),
    }
}
