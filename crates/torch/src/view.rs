//! A CPU tensor's numbers as a slice.

use tch::{Device, Kind, Tensor};

use crate::{Error, Result};

/// The numbers of a contiguous `Float` tensor on the CPU, where they are.
///
/// tch's handles share storage, and an operation in place through one of them is seen through all: as
/// long as the slice lives, nothing may change the tensor through another handle.
///
/// # Errors
/// [`Error::NoView`] for a tensor of another kind, device or layout.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut x = tch::Tensor::from_slice(&[1.0f32, 2.0]);
/// tunewise_torch::floats_mut(&mut x)?[1] = 3.0;
/// assert_eq!(tunewise_torch::floats(&x)?, [1.0, 3.0]);
/// # Ok(())
/// # }
/// ```
pub fn floats(tensor: &Tensor) -> Result<&[f32]> {
    let (data, len) = storage(tensor)?;
    // SAFETY: `storage` found `len` contiguous floats, which the tensor's storage owns; it lives at
    // least as long as this handle.
    Ok(if len == 0 { &[] } else { unsafe { std::slice::from_raw_parts(data, len) } })
}

/// The numbers of a contiguous `Float` tensor on the CPU, where they are, to change.
///
/// As long as the slice lives, nothing may read or change the tensor through another handle.
///
/// # Errors
/// [`Error::NoView`] for a tensor of another kind, device or layout.
pub fn floats_mut(tensor: &mut Tensor) -> Result<&mut [f32]> {
    let (data, len) = storage(tensor)?;
    // SAFETY: as above; this handle is borrowed exclusively.
    Ok(if len == 0 { &mut [] } else { unsafe { std::slice::from_raw_parts_mut(data, len) } })
}

/// Where the numbers begin, and how many they are.
fn storage(tensor: &Tensor) -> Result<(*mut f32, usize)> {
    let (kind, device) = (tensor.kind(), tensor.device());
    if kind != Kind::Float || device != Device::Cpu || !tensor.is_contiguous() {
        return Err(Error::NoView { kind, device });
    }
    Ok((tensor.data_ptr().cast(), tensor.numel()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_the_tensor() {
        let mut x = Tensor::from_slice(&[1.0f32, 2.0, 3.0, 4.0]).view([2, 2]);
        let other = x.shallow_clone();
        floats_mut(&mut x).unwrap()[2] = 9.0;
        assert_eq!(other.double_value(&[1, 0]), 9.0);
        assert_eq!(floats(&x.narrow(0, 1, 1)).unwrap(), [9.0, 4.0]);
        assert!(floats(&Tensor::zeros([0], (Kind::Float, Device::Cpu))).unwrap().is_empty());
    }

    #[test]
    fn what_is_not_a_row_of_floats_has_no_view() {
        let x = Tensor::zeros([2, 2], (Kind::Double, Device::Cpu));
        let message = floats(&x).unwrap_err().to_string();
        assert_eq!(message, "a view needs a contiguous Float tensor on the CPU, got Double on Cpu");
        assert!(floats(&x.to_kind(Kind::Float).narrow(1, 0, 1)).is_err());
    }
}
