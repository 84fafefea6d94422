//! In which arithmetic the forward pass runs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tch::Device;
use tunewise_torch::{Bf16Autocast, has_fast_bf16};

use crate::{Error, Result};

/// Arithmetic of matrix products. Weights, gradients, optimizer state and loss are `Float` always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32 bits throughout.
    Fp32,
    /// bfloat16 products by autocast.
    Bf16,
    /// bf16 where the device computes it faster, fp32 elsewhere.
    #[default]
    Auto,
}

impl Precision {
    /// `Fp32` or `Bf16`: what `Auto` means on `device`.
    #[must_use]
    pub fn resolve(self, device: Device) -> Self {
        match self {
            Self::Auto if has_fast_bf16(device) => Self::Bf16,
            Self::Auto => Self::Fp32,
            chosen => chosen,
        }
    }

    /// Runs `forward` in this arithmetic on `device`.
    ///
    /// # Errors
    /// What `forward` returns, or [`Error::Shim`] if autocast is not to be had.
    pub fn run<T>(self, device: Device, forward: impl FnOnce() -> Result<T>) -> Result<T> {
        let _autocast = match self.resolve(device) {
            Self::Bf16 => Some(Bf16Autocast::enter(device)?),
            _ => None,
        };
        forward()
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fp32 => "fp32",
            Self::Bf16 => "bf16",
            Self::Auto => "auto",
        })
    }
}

impl FromStr for Precision {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        [Self::Fp32, Self::Bf16, Self::Auto].into_iter().find(|p| p.to_string() == name).ok_or_else(
            || Error::Setting {
                name: "precision",
                got: name.to_owned(),
                expected: "fp32, bf16 or auto".to_owned(),
            },
        )
    }
}
