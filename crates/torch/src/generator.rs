//! The state of libtorch's random generator; tch has only its seed.

use std::ffi::c_int;

use tch::{Device, Tensor};

use crate::{Result, ffi};

/// Where a device's default generator stands, so that it can draw the same numbers again.
///
/// ```
/// use tch::{Device, Kind, Tensor};
/// use tunewise_torch::GeneratorState;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let draw = || Tensor::f_rand([3], (Kind::Float, Device::Cpu));
/// let state = GeneratorState::of(Device::Cpu)?;
/// let first = draw()?;
/// state.restore()?;
/// assert_eq!(draw()?, first);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct GeneratorState {
    device: Device,
    state: Tensor, // bytes, on the CPU
}

impl GeneratorState {
    /// The state that `device`'s generator is in.
    ///
    /// # Errors
    /// [`crate::Error::Libtorch`] if libtorch does not have the device.
    pub fn of(device: Device) -> Result<Self> {
        let mut out = std::ptr::null_mut();
        // SAFETY: `out` is written on success, and then is a new tensor that nobody else owns.
        let state = unsafe {
            ffi::check("generator state", ffi::tunewise_generator_state(index(device), &mut out))?;
            Tensor::from_ptr(out)
        };
        Ok(Self { device, state })
    }

    /// Puts the device's generator into this state.
    ///
    /// # Errors
    /// [`crate::Error::Libtorch`] if libtorch refuses the state.
    pub fn restore(&self) -> Result<()> {
        let state = self.state.as_ptr();
        // SAFETY: `state` is a live tensor, borrowed for the call; libtorch checks its contents.
        let message = unsafe { ffi::tunewise_set_generator_state(index(self.device), state) };
        ffi::check("generator state", message)
    }
}

/// The CUDA device's index; -1 for the CPU, whose generator others are taken to draw from.
fn index(device: Device) -> c_int {
    match device {
        Device::Cuda(index) => c_int::try_from(index).unwrap_or(c_int::MAX),
        _ => -1,
    }
}
