//! The inputs that a plan is free in.

use tunewise_cost::decide::Bounds;
use tunewise_cost::{Axis, Inputs, Parameter, Range};

use super::fault::Fault;

/// The ends of each axis.
pub(crate) fn ranges(axes: &[Axis]) -> Vec<Range> {
    let ends = |axis: &Axis| {
        let low = axis.values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = axis.values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Range { parameter: axis.parameter, low, high }
    };
    axes.iter().map(ends).collect()
}

/// Bounds of D, P and n2: those that an axis names, else what the scenario has.
pub(crate) fn bounds(inputs: &Inputs, axes: &[Axis]) -> Result<Bounds, Fault> {
    let free = [Parameter::DataVolume, Parameter::ParamCount, Parameter::PromotionFixed];
    if axes.iter().any(|axis| !free.contains(&axis.parameter)) {
        return Err(Fault::Usage("--vary takes D, P and n2 here: D=LOW,HIGH"));
    }
    let ranges = ranges(axes);
    let [data_volume, param_count, promotion_fixed] = free.map(|parameter| {
        let named = ranges.iter().find(|range| range.parameter == parameter);
        let value = inputs.get(parameter);
        named.map_or([value, value], |range| [range.low, range.high])
    });
    Ok(Bounds { data_volume, param_count, promotion_fixed })
}
