//! What computes a prediction.

use std::fmt;
use std::str::FromStr;

use tch::Device;
use tunewise_kernels::Isa;

use super::EnginePrecision;
use crate::{Error, Precision, Result};

/// Arithmetic of prediction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InferencePrecision {
    /// As the folder holds the weights: fp32, or int8 if they are in 8 bits
    /// ([`export_int8`](crate::export_int8)).
    #[default]
    Stored,
    /// 32 bits throughout; weights in 8 bits are taken for the numbers that they stand for.
    Fp32,
    /// Products of numbers of 16 bits, sums in 32: bfloat16, or where the processor has AVX512-VNNI and no
    /// BF16, integers that share a scale, which are closer to fp32.
    Bf16,
    /// Products of 8-bit integers: weights scaled by output, activations by token.
    Int8,
    /// 16 bits, as with `Bf16`, where the processor is faster so; fp32 elsewhere. int8, which
    /// changes a label now and then, only of weights that are in 8 bits.
    Auto,
}

impl InferencePrecision {
    const ALL: [Self; 5] = [Self::Stored, Self::Fp32, Self::Bf16, Self::Int8, Self::Auto];

    /// What is meant for weights that are in 8 bits or not.
    pub(crate) fn of_weights(self, is_int8: bool) -> Self {
        match self {
            Self::Stored | Self::Auto if is_int8 => Self::Int8,
            Self::Stored => Self::Fp32,
            asked => asked,
        }
    }
}

impl fmt::Display for InferencePrecision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stored => "stored",
            Self::Fp32 => "fp32",
            Self::Bf16 => "bf16",
            Self::Int8 => "int8",
            Self::Auto => "auto",
        })
    }
}

impl FromStr for InferencePrecision {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|precision| precision.to_string() == name).ok_or_else(|| {
            let expected = "stored, fp32, bf16, int8 or auto".to_owned();
            Error::Setting { name: "precision", got: name.to_owned(), expected }
        })
    }
}

/// What computes the predictions of a [`Classifier`](crate::Classifier).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Backend {
    /// [`Engine`](super::Engine), on the processor's own instructions.
    Engine(EnginePrecision),
    /// libtorch.
    Libtorch {
        /// The arithmetic.
        precision: Precision,
        /// Why it is not the engine.
        fallback: Fallback,
    },
}

/// Why predictions are left to libtorch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fallback {
    /// The engine runs on the CPU.
    Device(Device),
    /// Without these instructions libtorch is faster.
    Instructions(&'static str),
    /// An adapter stands beside weights that it shares.
    Adapter,
}

impl Backend {
    /// What is the fastest for that precision, of weights in 32 bits where it is `Stored`, on `device` with
    /// a processor of these instructions.
    ///
    /// int8 is the engine's alone: libtorch runs fp32 in its place.
    #[must_use]
    pub fn choose(precision: InferencePrecision, device: Device, isa: Isa) -> Self {
        if device != Device::Cpu {
            return Self::libtorch(precision, Fallback::Device(device));
        }
        let (engine, has, instructions) = match precision {
            InferencePrecision::Auto | InferencePrecision::Bf16 if isa.has_int16() => {
                return Self::Engine(EnginePrecision::Int16);
            }
            InferencePrecision::Auto if isa.has_bf16() => {
                return Self::Engine(EnginePrecision::Bf16);
            }
            InferencePrecision::Stored | InferencePrecision::Fp32 | InferencePrecision::Auto => {
                (EnginePrecision::Fp32, isa.has_avx512(), "AVX-512")
            }
            // With AVX-512 alone by multiply-adds in fp32: slower than fp32, faster than libtorch's bf16.
            InferencePrecision::Bf16 => (EnginePrecision::Bf16, isa.has_avx512(), "AVX-512"),
            InferencePrecision::Int8 => (EnginePrecision::Int8, isa.has_int8(), "AVX512-VNNI"),
        };
        if has {
            Self::Engine(engine)
        } else {
            Self::libtorch(precision, Fallback::Instructions(instructions))
        }
    }

    fn libtorch(precision: InferencePrecision, fallback: Fallback) -> Self {
        Self::Libtorch { precision: Self::libtorch_precision(precision), fallback }
    }

    /// What libtorch computes in for that precision.
    pub(crate) fn libtorch_precision(precision: InferencePrecision) -> Precision {
        match precision {
            InferencePrecision::Stored | InferencePrecision::Fp32 | InferencePrecision::Int8 => {
                Precision::Fp32
            }
            InferencePrecision::Bf16 => Precision::Bf16,
            InferencePrecision::Auto => Precision::Auto,
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Engine(EnginePrecision::Fp32) => f.write_str("own kernels in fp32"),
            Self::Engine(EnginePrecision::Bf16) => f.write_str("own kernels in bf16"),
            Self::Engine(EnginePrecision::Int16) => f.write_str("own kernels in 16-bit integers"),
            Self::Engine(EnginePrecision::Int8) => f.write_str("own kernels in int8"),
            Self::Libtorch { precision, fallback } => {
                write!(f, "libtorch in {precision}: {fallback}")
            }
        }
    }
}

impl fmt::Display for Fallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(device) => write!(f, "own kernels run on the CPU, not on {device:?}"),
            Self::Instructions(missing) => write!(f, "the processor has no {missing}"),
            Self::Adapter => f.write_str("an adapter beside weights that others share"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_engine_cannot_do_well_falls_to_libtorch_and_says_why() {
        use InferencePrecision::{Auto, Bf16, Fp32, Int8};
        for (asked, device, said) in [
            (Fp32, Device::Cpu, "libtorch in fp32: the processor has no AVX-512"),
            (Bf16, Device::Cpu, "libtorch in bf16: the processor has no AVX-512"),
            (Int8, Device::Cpu, "libtorch in fp32: the processor has no AVX512-VNNI"),
            (Auto, Device::Cpu, "libtorch in auto: the processor has no AVX-512"),
            (Int8, Device::Cuda(0), "libtorch in fp32: own kernels run on the CPU, not on Cuda(0)"),
        ] {
            assert_eq!(Backend::choose(asked, device, Isa::PORTABLE).to_string(), said);
        }
    }

    #[test]
    fn here_the_engine_serves_what_the_processor_has() {
        let isa = Isa::detect();
        let halves = if isa.has_int16() { EnginePrecision::Int16 } else { EnginePrecision::Bf16 };
        for (asked, has, engine) in [
            (InferencePrecision::Fp32, isa.has_avx512(), EnginePrecision::Fp32),
            (InferencePrecision::Bf16, isa.has_avx512(), halves),
            (InferencePrecision::Int8, isa.has_int8(), EnginePrecision::Int8),
            (InferencePrecision::Auto, isa.has_bf16() || isa.has_int16(), halves),
        ] {
            let backend = Backend::choose(asked, Device::Cpu, isa);
            assert_eq!(backend == Backend::Engine(engine), has, "{asked}: {backend}");
            assert_eq!(asked.to_string().parse::<InferencePrecision>().ok(), Some(asked));
        }
        let error = "fp8".parse::<InferencePrecision>().unwrap_err().to_string();
        assert!(error.contains("fp32, bf16, int8 or auto"), "{error}");
    }
}
