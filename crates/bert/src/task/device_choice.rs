//! Where a run computes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tch::Device;

use crate::{Error, Result};

/// Where a run computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DeviceChoice {
    /// The first CUDA device if there is one, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// The CUDA device of that index.
    Cuda(usize),
}

impl DeviceChoice {
    /// The choice of the process of that number on its machine: `Auto` gives each another CUDA device, as
    /// far as there are any.
    #[must_use]
    pub fn of_local_rank(self, local_rank: usize) -> Self {
        match local_rank.checked_rem(cuda_devices()) {
            Some(index) if self == Self::Auto => Self::Cuda(index),
            _ => self,
        }
    }

    /// The device that is meant.
    ///
    /// # Errors
    /// [`Error::Setting`] for a CUDA device that libtorch does not see.
    pub fn resolve(self) -> Result<Device> {
        let count = cuda_devices();
        match self {
            Self::Cpu => Ok(Device::Cpu),
            Self::Auto if count == 0 => Ok(Device::Cpu),
            Self::Auto => Ok(Device::Cuda(0)),
            Self::Cuda(index) if index < count => Ok(Device::Cuda(index)),
            Self::Cuda(_) => Err(Error::Setting {
                name: "device",
                got: self.to_string(),
                expected: format!(
                    "cpu, auto, or one of the {count} CUDA devices that libtorch sees"
                ),
            }),
        }
    }
}

/// How many CUDA devices libtorch sees.
fn cuda_devices() -> usize {
    tunewise_torch::init();
    if tch::Cuda::is_available() { tch::Cuda::device_count().max(0) as usize } else { 0 }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(index) => write!(f, "cuda:{index}"),
        }
    }
}

impl FromStr for DeviceChoice {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let fault = || Error::Setting {
            name: "device",
            got: name.to_owned(),
            expected: "cpu, cuda:N or auto".to_owned(),
        };
        match name {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda(0)),
            _ => {
                let index = name.strip_prefix("cuda:").and_then(|index| index.parse().ok());
                index.map(Self::Cuda).ok_or_else(fault)
            }
        }
    }
}

impl TryFrom<String> for DeviceChoice {
    type Error = Error;

    fn try_from(name: String) -> Result<Self> {
        name.parse()
    }
}

impl From<DeviceChoice> for String {
    fn from(device: DeviceChoice) -> Self {
        device.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_gets_a_device_of_its_own_only_where_none_was_chosen() {
        for chosen in [DeviceChoice::Cpu, DeviceChoice::Cuda(3)] {
            assert_eq!(chosen.of_local_rank(1), chosen);
        }
        let own = match cuda_devices() {
            0 => DeviceChoice::Auto,
            count => DeviceChoice::Cuda(5 % count),
        };
        assert_eq!(DeviceChoice::Auto.of_local_rank(5), own);
    }
}
