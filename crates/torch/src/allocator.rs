//! glibc's allocator, told that a training step frees what the next one asks for again.

/// Keeps freed memory in the process: by default glibc gives every tensor above 32 MB, and the top of
/// the heap above 128 kB, back to the kernel, which then has to clear the pages anew in every step. A
/// process that sets one of glibc's own variables (`MALLOC_…`, `GLIBC_TUNABLES`) keeps its choice.
pub(crate) fn keep_freed_memory() {
    let chosen = |name: &str| std::env::var_os(name).is_some();
    const VARIABLES: [&str; 4] =
        ["MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_", "GLIBC_TUNABLES"];
    if !VARIABLES.into_iter().any(chosen) {
        set();
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn set() {
    use std::ffi::c_int;

    // <malloc.h>
    const M_TRIM_THRESHOLD: c_int = -1;
    const M_TOP_PAD: c_int = -2;
    const M_MMAP_THRESHOLD: c_int = -3;
    const MIB: c_int = 1 << 20;

    unsafe extern "C" {
        fn mallopt(parameter: c_int, value: c_int) -> c_int;
    }
    // SAFETY: `mallopt` takes any numbers, refuses those that it does not know by returning 0, and locks
    // the arena that it changes; blocks handed out before stay valid, as glibc tells an mmapped block by
    // a mark in its header and not by the threshold.
    unsafe {
        mallopt(M_TRIM_THRESHOLD, c_int::MAX);
        mallopt(M_TOP_PAD, 256 * MIB);
        // glibc before 2.35 takes 32 MiB at most.
        if mallopt(M_MMAP_THRESHOLD, 1024 * MIB) == 0 {
            mallopt(M_MMAP_THRESHOLD, 32 * MIB);
        }
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn set() {}
