//! Small operations beside threads of one's own.

use std::ffi::c_int;
use std::marker::PhantomData;

use crate::ffi;

/// While this lives, libtorch's operations that this thread begins run on this thread alone. Other
/// threads' are as they were.
///
/// libtorch gives even tiny operations to its OpenMP threads, which then wait for more in a loop: beside
/// threads that compute, they take the processor from them.
///
/// ```
/// use tunewise_torch::SingleThread;
///
/// tch::set_num_threads(2);
/// let alone = SingleThread::enter();
/// assert_eq!(tch::get_num_threads(), 1);
/// drop(alone);
/// assert_eq!(tch::get_num_threads(), 2);
/// ```
#[derive(Debug)]
pub struct SingleThread {
    before: c_int,
    /// It is about this thread.
    here: PhantomData<*const ()>,
}

impl SingleThread {
    /// From here on.
    #[must_use]
    pub fn enter() -> Self {
        // SAFETY: sets a number of the calling thread.
        Self { before: unsafe { ffi::tunewise_threads_from_here(1) }, here: PhantomData }
    }
}

impl Drop for SingleThread {
    fn drop(&mut self) {
        // SAFETY: as in `enter`, on the same thread, which the marker keeps this value on.
        unsafe { ffi::tunewise_threads_from_here(self.before) };
    }
}
