//! The end of a process that has libtorch's threads.

use std::ffi::c_int;

unsafe extern "C" {
    fn _exit(status: c_int) -> !;
}

/// Ends the process at once, such as at a second Ctrl-C. [`std::process::exit`] would run libtorch's
/// destructors under the feet of the thread that computes, and crash.
pub fn exit_at_once(code: u8) -> ! {
    // SAFETY: `_exit` takes any status and does not return; nothing of this process runs after it.
    unsafe { _exit(c_int::from(code)) }
}
