//! What a process does before it uses libtorch.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::OnceLock;

use crate::allocator;

const RTLD_NOW: c_int = 2;
const RTLD_GLOBAL: c_int = 0x100;

unsafe extern "C" {
    fn dlopen(file: *const c_char, mode: c_int) -> *mut c_void;
}

/// Loads `libtorch_cuda.so` if this libtorch has one, and says whether it did. Call it before any
/// other use of libtorch: the linker drops the CUDA library because no symbol of it is used, and
/// libtorch remembers its first answer about CUDA for good. Later calls repeat the first answer. On
/// Linux the first call also tells glibc to keep freed memory, unless the environment tells it
/// otherwise: tensors of one step are freed and asked for again in the next.
///
/// ```
/// let loaded = tunewise_torch::init();
/// assert_eq!(loaded, tunewise_torch::init());
/// ```
pub fn init() -> bool {
    static LOADED: OnceLock<bool> = OnceLock::new();
    *LOADED.get_or_init(|| {
        allocator::keep_freed_memory();
        load(c"libtorch_cuda.so")
    })
}

fn load(library: &CStr) -> bool {
    // SAFETY: `library` is NUL-terminated; libtorch's initialisers are made to run at load time.
    // The handle stays open for the life of the process.
    !unsafe { dlopen(library.as_ptr(), RTLD_NOW | RTLD_GLOBAL) }.is_null()
}
