//! AdaLoRA's pruned adapters in a file, which has none of the pruned triplets.

use std::path::Path;

use tch::{TchError, Tensor};

use super::adalora::RankPattern;
use super::adapters::{Adapted, Adapters};
use super::layer::Form;
use crate::error::Context;
use crate::{Error, Result};

/// The last part of what PEFT calls the singular values: its keys of a pattern end so.
pub(super) const SINGULAR: &str = ".lora_E";

impl Adapters {
    /// By layer, which triplets are left; none if all are.
    pub(super) fn rank_pattern(&self) -> Result<Option<RankPattern>> {
        let mut pattern = RankPattern::new();
        for Adapted { layer, adapter, .. } in &self.layers {
            let Form::Singular { kept, .. } = &adapter.form else { return Ok(None) };
            let kept = kept.f_flatten(0, -1).and_then(Vec::<f32>::try_from).at("rank pattern")?;
            pattern.insert(layer.clone(), kept.into_iter().map(|kept| kept != 0.0).collect());
        }
        let pruned = pattern.values().flatten().any(|kept| !kept);
        Ok(pruned.then_some(pattern))
    }

    /// Names and tensors as a file has them.
    pub(super) fn stored(&self) -> Result<Vec<(String, Tensor)>> {
        let mut stored = Vec::new();
        let pattern = self.rank_pattern()?.unwrap_or_default();
        for adapted in &self.layers {
            for (name, tensor) in adapted.parameters() {
                let left = match pattern.get(&adapted.layer) {
                    None => tensor.shallow_clone(),
                    Some(kept) => indices(kept)
                        .and_then(|index| index.f_to_device(tensor.device()))
                        .and_then(|index| tensor.f_index_select(axis(name), &index))
                        .at("rank pattern")?,
                };
                stored.push((name.to_owned(), left));
            }
        }
        Ok(stored)
    }

    /// Enters a file's pattern, and puts its tensors where they stand among all triplets.
    pub(super) fn enter(&self, pattern: &RankPattern, source: (&str, Tensor)) -> Result<Tensor> {
        let (name, tensor) = source;
        let owns = |adapted: &&Adapted| adapted.parameters().any(|(known, _)| known == name);
        let Some(adapted) = self.layers.iter().find(owns) else { return Ok(tensor) };
        let Some(left) = pattern.get(&adapted.layer) else { return Ok(tensor) };
        let index = indices(left).and_then(|index| index.f_to_device(tensor.device()));
        let index = index.at("rank pattern")?;
        if let Form::Singular { kept, .. } = &adapted.adapter.form {
            let numbers: Vec<f32> = left.iter().map(|&left| f32::from(u8::from(left))).collect();
            let column = Tensor::f_from_slice(&numbers).and_then(|column| column.f_unsqueeze(1));
            kept.shallow_clone().f_copy_(&column.at("rank pattern")?).at("rank pattern")?;
        }
        let mut shape = tensor.size();
        if let Some(length) = shape.get_mut(axis(name) as usize) {
            *length = left.len() as i64;
        }
        Tensor::f_zeros(&shape, (tensor.kind(), tensor.device()))
            .and_then(|all| all.f_index_copy(axis(name), &index, &tensor))
            .at("rank pattern")
    }
}

/// Checks that a file's pattern is one of these layers and of that rank.
pub(super) fn check(
    path: &Path,
    pattern: &RankPattern,
    layers: &[&str],
    init_r: usize,
) -> Result<()> {
    let fault = |got: String, expected: String| Error::Config {
        path: path.to_owned(),
        key: "rank_pattern".to_owned(),
        got,
        expected,
    };
    for (layer, kept) in pattern {
        if !layers.contains(&layer.as_str()) {
            let expected = "layers that have an adapter".to_owned();
            return Err(fault(format!("of `{layer}`"), expected));
        }
        if kept.len() != init_r {
            let got = format!("of {} triplets in `{layer}`", kept.len());
            return Err(fault(got, format!("of init_r, {init_r}")));
        }
    }
    match layers.iter().find(|layer| !pattern.contains_key(**layer)) {
        Some(layer) => Err(fault(format!("without `{layer}`"), "every layer".to_owned())),
        None => Ok(()),
    }
}

/// Along which axis of a tensor the triplets stand.
fn axis(name: &str) -> i64 {
    i64::from(name.ends_with("lora_B"))
}

fn indices(kept: &[bool]) -> Result<Tensor, TchError> {
    let left: Vec<i64> = (0..).zip(kept).filter(|(_, kept)| **kept).map(|(at, _)| at).collect();
    Tensor::f_from_slice(&left)
}
