//! A CPU tensor's numbers as a slice, taken out of the tensor so that nobody else can reach them.

use std::ffi::c_int;
use std::fmt;

use tch::{Device, Kind, Tensor};

use crate::error::Context;
use crate::{Error, Result, ffi};

/// The numbers of a `Float` tensor on the CPU, to work on as a slice.
///
/// tch's handles share a tensor, and any of them may change it at any time. So the numbers leave the
/// tensor when a slice is first asked for: until [`Exclusive::give_back`], or the end of this value,
/// every handle reads NaN in the same shape. Nothing is copied, unless another tensor (a view, a
/// detached one) shares the storage: that one then keeps the numbers of before.
///
/// ```
/// use tunewise_torch::Exclusive;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let x = tch::Tensor::from_slice(&[1.0f32, 2.0]);
/// let mut numbers = Exclusive::new(&x)?;
/// numbers.slice_mut()?[1] = 3.0;
/// assert!(x.double_value(&[1]).is_nan());
/// numbers.give_back()?;
/// assert_eq!(x.double_value(&[1]), 3.0);
/// # Ok(())
/// # }
/// ```
pub struct Exclusive {
    home: Tensor,
    shape: Vec<i64>,
    /// What has left `home`: the only tensor of its storage.
    held: Option<Tensor>,
}

impl Exclusive {
    /// For the numbers of `tensor`, which are still in it.
    ///
    /// # Errors
    /// [`Error::NoView`] for a tensor of another kind or device, or that is not contiguous.
    pub fn new(tensor: &Tensor) -> Result<Self> {
        let (kind, device) = (tensor.kind(), tensor.device());
        if kind != Kind::Float || device != Device::Cpu || !tensor.is_contiguous() {
            return Err(Error::NoView { kind, device });
        }
        Ok(Self { home: tensor.shallow_clone(), shape: tensor.size(), held: None })
    }

    /// The tensor's shape, wherever its numbers are.
    #[must_use]
    pub fn shape(&self) -> &[i64] {
        &self.shape
    }

    /// The numbers in order; they leave the tensor.
    ///
    /// # Errors
    /// [`Error::NoView`] if the tensor was given other numbers meanwhile, of another kind, device,
    /// layout or shape; [`Error::Tch`], such as out of memory.
    pub fn slice_mut(&mut self) -> Result<&mut [f32]> {
        let held = match self.held.take() {
            Some(held) => held,
            None => self.leave()?,
        };
        let held = self.held.insert(held);
        let (data, len) = (held.data_ptr().cast::<f32>(), held.numel());
        if len == 0 {
            return Ok(&mut []);
        }
        // SAFETY: `leave` gives a contiguous `Float` tensor on the CPU, the only one of its storage,
        // and the only handle on it, which this value never lends: the slice borrows the value.
        Ok(unsafe { std::slice::from_raw_parts_mut(data, len) })
    }

    /// Puts the numbers back into the tensor, if they have left it.
    ///
    /// # Errors
    /// [`Error::Tch`], where libtorch refuses.
    pub fn give_back(&mut self) -> Result<()> {
        match self.held.take() {
            Some(held) => self.home.f_set_data(&held).op("give back"),
            None => Ok(()),
        }
    }

    fn leave(&mut self) -> Result<Tensor> {
        let (kind, device) = (self.home.kind(), self.home.device());
        let fits = kind == Kind::Float && device == Device::Cpu && self.home.is_contiguous();
        if !fits || self.home.size() != self.shape {
            return Err(Error::NoView { kind, device });
        }
        let numbers = self.home.f_detach().op("take")?;
        let nothing = Tensor::f_full([1], f64::NAN, (kind, device))
            .and_then(|nan| nan.f_expand(&self.shape, false))
            .op("take")?;
        self.home.f_set_data(&nothing).op("take")?;
        // SAFETY: the handle is valid; the shim reads two counts and cannot fail.
        let sole = unsafe { ffi::tunewise_is_sole(numbers.as_ptr()) } != c_int::from(false);
        if sole {
            return Ok(numbers);
        }
        let copy = numbers.f_empty_like().and_then(|mut copy| {
            copy.f_copy_(&numbers)?;
            Ok(copy)
        });
        let copy = copy.op("take");
        if copy.is_err() {
            self.home.f_set_data(&numbers).op("give back")?;
        }
        copy
    }
}

impl Drop for Exclusive {
    fn drop(&mut self) {
        drop(self.give_back()); // what libtorch refuses, a destructor can tell nobody
    }
}

impl fmt::Debug for Exclusive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = self.held.is_some();
        f.debug_struct("Exclusive").field("shape", &self.shape).field("held", &held).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floats(x: &Tensor) -> Vec<f32> {
        Vec::try_from(x.detach().contiguous().view([-1])).unwrap()
    }

    #[test]
    fn numbers_leave_every_handle_and_come_back_in_place() {
        let x = Tensor::from_slice(&[1.0f32, 2.0, 3.0, 4.0]).view([2, 2]).copy();
        let (x, place) = (x.set_requires_grad(true), x.data_ptr());
        let other = x.shallow_clone();
        let mut numbers = Exclusive::new(&x).unwrap();
        assert_eq!(floats(&x), [1.0, 2.0, 3.0, 4.0]);
        numbers.slice_mut().unwrap()[2] = 9.0;
        assert!(floats(&other).iter().all(|x| x.is_nan()));
        assert_eq!((other.size(), numbers.shape()), (vec![2, 2], &[2i64, 2][..]));
        numbers.give_back().unwrap();
        assert_eq!(floats(&other), [1.0, 2.0, 9.0, 4.0]);
        assert!(x.requires_grad() && x.is_leaf() && x.data_ptr() == place, "nothing was copied");
        numbers.slice_mut().unwrap()[0] = 7.0;
        drop(numbers);
        assert_eq!(floats(&x), [7.0, 2.0, 9.0, 4.0]);
    }

    #[test]
    fn a_tensor_that_shares_the_storage_cannot_reach_the_slice() {
        let x = Tensor::from_slice(&[1.0f32, 2.0]);
        let mut view = x.detach();
        let mut numbers = Exclusive::new(&x).unwrap();
        let slice = numbers.slice_mut().unwrap();
        let _ = view.fill_(5.0);
        assert_eq!(slice, [1.0, 2.0]);
        slice[0] = 3.0;
        numbers.give_back().unwrap();
        assert_eq!((floats(&x), floats(&view)), (vec![3.0, 2.0], vec![5.0, 5.0]));
    }

    #[test]
    fn no_numbers_are_an_empty_slice() {
        let x = Tensor::zeros([0, 3], (Kind::Float, Device::Cpu));
        assert!(Exclusive::new(&x).unwrap().slice_mut().unwrap().is_empty());
    }

    #[test]
    fn what_is_not_a_row_of_floats_is_refused() {
        let x = Tensor::zeros([2, 2], (Kind::Double, Device::Cpu));
        let message = Exclusive::new(&x).unwrap_err().to_string();
        assert_eq!(message, "a view needs a contiguous Float tensor on the CPU, got Double on Cpu");
        assert!(Exclusive::new(&x.to_kind(Kind::Float).narrow(1, 0, 1)).is_err());
        let mut x = Tensor::zeros([2], (Kind::Float, Device::Cpu));
        let mut numbers = Exclusive::new(&x).unwrap();
        x.set_data(&Tensor::zeros([3], (Kind::Float, Device::Cpu)));
        assert!(numbers.slice_mut().is_err());
    }
}
