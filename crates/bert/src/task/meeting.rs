//! The processes of a group make sure that they do the same run.

use std::path::Path;

use serde_json::Value;
use tch::{Kind, Tensor};
use tunewise_torch::ProcessGroup;

use super::fingerprint::{Fingerprint, difference, shown};
use crate::error::Context;
use crate::{Error, Result};

/// What a process of a group may have otherwise than the first.
const FREE: [&str; 3] = ["threads", "model_commit", "device"];

/// Compares with the first process what the run is and which step it goes on from; if any process
/// differs, all of them end here.
pub(super) fn meet(group: &ProcessGroup, run: &Fingerprint, step: Option<u64>) -> Result<()> {
    let own = serde_json::to_value((run, step)).at(Path::new("fingerprint"))?;
    let first: Value =
        serde_json::from_str(&told(group, &own.to_string())?).at(Path::new("fingerprint"))?;
    let part = |of: &Value, index: usize| of.get(index).cloned().unwrap_or_default();
    let steps = (part(&first, 1), part(&own, 1));
    let differs = difference(&part(&first, 0), &part(&own, 0), &FREE).or_else(|| {
        (steps.0 != steps.1).then(|| ("step to resume from".to_owned(), steps.0, steps.1))
    });
    let count = Tensor::f_from_slice(&[i64::from(differs.is_some())]);
    let mut count = count.at("vote")?;
    group.all_reduce(&mut count)?;
    match (differs, count.f_int64_value(&[0]).at("vote")?) {
        (None, 0) => Ok(()),
        (differs, _) => Err(Error::RanksDiffer {
            rank: group.rank(),
            difference: differs.map_or(
                "another process differs from the first".to_owned(),
                |differs| {
                    let (field, first, own) = differs;
                    format!(
                        "`{field}` is {}, expected {} as of the first",
                        shown(&own),
                        shown(&first)
                    )
                },
            ),
        }),
    }
}

/// The first process's text.
fn told(group: &ProcessGroup, own: &str) -> Result<String> {
    let mut length = Tensor::f_from_slice(&[own.len() as i64]).at("length")?;
    group.broadcast(&mut length, 0)?;
    let length = length.f_int64_value(&[0]).at("length")?;
    let mut bytes = if group.rank() == 0 {
        Tensor::f_from_slice(own.as_bytes()).at("text")?
    } else {
        Tensor::f_zeros([length], (Kind::Uint8, tch::Device::Cpu)).at("text")?
    };
    group.broadcast(&mut bytes, 0)?;
    let bytes = Vec::<u8>::try_from(bytes).at("text")?;
    String::from_utf8(bytes).map_err(|_| Error::Internal { what: "a fingerprint is text" })
}
