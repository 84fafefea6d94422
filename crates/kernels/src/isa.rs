//! What the processor has.

/// The instruction sets that the kernels use, found at run time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Isa {
    level: Level,
    bf16: bool,
    int8: bool,
}

/// How a factor of 16 bits is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Form {
    /// A bfloat16.
    #[default]
    Bf16,
    /// An integer, with a scale that a row or column shares.
    Int16,
}

/// What row-wise kernels are compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Portable,
    Avx2,
    Avx512,
}

impl Isa {
    /// No instruction that every processor of the architecture does not have.
    pub const PORTABLE: Self = Self { level: Level::Portable, bf16: false, int8: false };

    /// The best of this processor.
    #[must_use]
    pub fn detect() -> Self {
        detect()
    }

    /// The same without instructions for bf16, as processors with AVX-512 before Cooper Lake and Zen 4
    /// are.
    #[must_use]
    pub fn without_bf16(self) -> Self {
        Self { bf16: false, ..self }
    }

    /// The same without instructions for integers of 8 and 16 bits, as processors with AVX-512 before
    /// Cascade Lake are.
    #[must_use]
    pub fn without_vnni(self) -> Self {
        Self { int8: false, ..self }
    }

    /// Whether products of bf16 run on instructions of their own (AVX512-BF16).
    #[must_use]
    pub fn has_bf16(self) -> bool {
        self.bf16
    }

    /// Whether products of int8 run on instructions of their own (AVX512-VNNI).
    #[must_use]
    pub fn has_int8(self) -> bool {
        self.int8
    }

    /// Whether factors of 16 bits are multiplied as integers that share a scale: twice as fast as fp32
    /// with AVX512-VNNI, and needless where there is AVX512-BF16.
    #[must_use]
    pub fn has_int16(self) -> bool {
        self.int8 && !self.bf16
    }

    pub(crate) fn form(self) -> Form {
        if self.has_int16() { Form::Int16 } else { Form::Bf16 }
    }

    /// Whether products of fp32 run on AVX-512.
    #[must_use]
    pub fn has_avx512(self) -> bool {
        self.level == Level::Avx512
    }

    pub(crate) fn level(self) -> Level {
        self.level
    }
}

#[cfg(target_arch = "x86_64")]
fn detect() -> Isa {
    let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    let avx512 = avx2
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl");
    Isa {
        level: match (avx512, avx2) {
            (true, _) => Level::Avx512,
            (false, true) => Level::Avx2,
            (false, false) => Level::Portable,
        },
        bf16: avx512 && is_x86_feature_detected!("avx512bf16"),
        int8: avx512 && is_x86_feature_detected!("avx512vnni"),
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn detect() -> Isa {
    Isa::PORTABLE
}

/// Defines a function three times, for AVX-512, for AVX2 with FMA and portably, around one body, and
/// calls the one that `isa` allows. In the body `FMA` says whether a multiply-add is one instruction.
macro_rules! versions {
    ($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $kind:ty),* $(,)?) $body:ident) => {
        $(#[$meta])*
        #[allow(clippy::too_many_arguments, reason = "one more than the body: the instruction sets")]
        $vis fn $name(isa: $crate::Isa, $($arg: $kind),*) {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
            fn avx512($($arg: $kind),*) {
                $body::<true>($($arg),*);
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2($($arg: $kind),*) {
                $body::<true>($($arg),*);
            }
            match isa.level() {
                // SAFETY: an `Isa` says AVX-512 only where `Isa::detect` found all of these features.
                #[cfg(target_arch = "x86_64")]
                $crate::isa::Level::Avx512 => unsafe { avx512($($arg),*) },
                // SAFETY: likewise for AVX2 and FMA.
                #[cfg(target_arch = "x86_64")]
                $crate::isa::Level::Avx2 => unsafe { avx2($($arg),*) },
                _ => $body::<false>($($arg),*),
            }
        }
    };
}
pub(crate) use versions;
