//! bfloat16 autocast on CPU and CUDA; tch's own switch covers CUDA's default dtype only.

use std::ffi::c_int;
use std::marker::PhantomData;

use tch::Device;

use crate::{Result, ffi};

/// While it lives, this thread's matrix products run in bfloat16; weights stay as they are. As with
/// `torch.autocast(device, dtype=torch.bfloat16)`, operations that need the range run in `Float`.
#[derive(Debug)]
pub struct Bf16Autocast {
    cuda: c_int,
    // Autocast is a state of the thread: the guard must not leave it.
    not_send: PhantomData<*const ()>,
}

impl Bf16Autocast {
    /// Turns autocast on for `device` until the guard drops.
    ///
    /// # Errors
    /// [`crate::Error::Libtorch`] if libtorch was built without autocast for the device.
    pub fn enter(device: Device) -> Result<Self> {
        let cuda = c_int::from(device.is_cuda());
        // SAFETY: a call without pointers.
        ffi::check("autocast", unsafe { ffi::tunewise_autocast_enter(cuda) })?;
        Ok(Self { cuda, not_send: PhantomData })
    }
}

impl Drop for Bf16Autocast {
    fn drop(&mut self) {
        // SAFETY: a call without pointers. Leaving cannot fail where entering did not, and a
        // destructor has nobody to tell.
        let _ = ffi::check("autocast", unsafe { ffi::tunewise_autocast_leave(self.cuda) });
    }
}

/// Whether this thread's matrix products on `device` run in bfloat16 now.
#[must_use]
pub fn in_bf16_autocast(device: Device) -> bool {
    // SAFETY: a call without pointers, which cannot fail.
    unsafe { ffi::tunewise_autocast_enabled(c_int::from(device.is_cuda())) != 0 }
}

/// Whether bfloat16 is faster than `Float` on `device`: a CPU with AVX512-BF16, or any CUDA device
/// that libtorch 2.11 supports (compute capability 7.5 emulates it, 8.0 and later have it).
#[must_use]
pub fn has_fast_bf16(device: Device) -> bool {
    match device {
        Device::Cpu => cpu_has_bf16(),
        Device::Cuda(_) => true,
        _ => false,
    }
}

#[cfg(target_arch = "x86_64")]
fn cpu_has_bf16() -> bool {
    std::arch::is_x86_feature_detected!("avx512bf16")
}

#[cfg(not(target_arch = "x86_64"))]
fn cpu_has_bf16() -> bool {
    false
}
