//! The C boundary of the shim: declarations, tensor pointers and messages.

use std::ffi::{CStr, c_char, c_int, c_void};

use tch::Tensor;
use torch_sys::C_tensor;

use crate::{Error, Result};

/// Mirrors `tunewise_adamw_args` in `shim/optimizer.cpp`, field for field.
#[repr(C)]
pub(crate) struct AdamWArgs {
    pub(crate) parameters: *const *mut C_tensor,
    pub(crate) gradients: *const *mut C_tensor,
    pub(crate) exp_avgs: *const *mut C_tensor,
    pub(crate) exp_avg_sqs: *const *mut C_tensor,
    pub(crate) steps: *const *mut C_tensor,
    pub(crate) n: usize,
    pub(crate) learning_rate: f64,
    pub(crate) beta1: f64,
    pub(crate) beta2: f64,
    pub(crate) weight_decay: f64,
    pub(crate) epsilon: f64,
}

/// Mirrors `tunewise_group_args` in `shim/group.cpp`, field for field.
#[repr(C)]
pub(crate) struct GroupArgs {
    pub(crate) host: *const c_char,
    pub(crate) port: u16,
    pub(crate) serves: c_int,
    pub(crate) rank: c_int,
    pub(crate) size: c_int,
    pub(crate) timeout_ms: i64,
    pub(crate) interface: *const c_char,
    pub(crate) address: *const c_char,
}

unsafe extern "C" {
    pub(crate) fn tunewise_group_new(args: *const GroupArgs, out: *mut *mut c_void) -> *mut c_char;
    pub(crate) fn tunewise_group_free(group: *mut c_void) -> *mut c_char;
    pub(crate) fn tunewise_group_all_reduce(
        group: *mut c_void,
        tensor: *mut C_tensor,
    ) -> *mut c_char;
    pub(crate) fn tunewise_group_broadcast(
        group: *mut c_void,
        tensor: *mut C_tensor,
        root: c_int,
    ) -> *mut c_char;
    pub(crate) fn tunewise_group_reduce_gradients(
        group: *mut c_void,
        parameters: *const *mut C_tensor,
        n: usize,
        numbers: *mut f64,
        k: usize,
        bucket: i64,
    ) -> *mut c_char;
    pub(crate) fn tunewise_group_barrier(group: *mut c_void) -> *mut c_char;
    pub(crate) fn tunewise_fused_adamw(args: *const AdamWArgs) -> *mut c_char;
    pub(crate) fn tunewise_clip_grad_norm(
        gradients: *const *mut C_tensor,
        n: usize,
        max_norm: f64,
        out: *mut *mut C_tensor,
    ) -> *mut c_char;
    pub(crate) fn tunewise_clear_gradients(
        parameters: *const *mut C_tensor,
        n: usize,
    ) -> *mut c_char;
    pub(crate) fn tunewise_dropout(
        x: *const C_tensor,
        dropped: i64,
        key: i64,
        out: *mut *mut C_tensor,
    ) -> *mut c_char;
    pub(crate) fn tunewise_add_norm(
        x: *const C_tensor,
        residual: *const C_tensor,
        weight: *const C_tensor,
        bias: *const C_tensor,
        eps: f64,
        dropped: i64,
        key: i64,
        outs: *mut *mut C_tensor,
    ) -> *mut c_char;
    pub(crate) fn tunewise_attention(
        packed: *const C_tensor,
        queries: *const C_tensor,
        keep: *const C_tensor,
        heads: i64,
        dropped: i64,
        key: i64,
        out: *mut *mut C_tensor,
    ) -> *mut c_char;
    pub(crate) fn tunewise_half_linear(
        x: *const C_tensor,
        weights: *const *mut C_tensor,
        biases: *const *mut C_tensor,
        n: usize,
        out: *mut *mut C_tensor,
    ) -> *mut c_char;
    pub(crate) fn tunewise_autocast_enabled(cuda: c_int) -> c_int;
    pub(crate) fn tunewise_autocast_enter(cuda: c_int) -> *mut c_char;
    pub(crate) fn tunewise_autocast_leave(cuda: c_int) -> *mut c_char;
    pub(crate) fn tunewise_generator_state(
        cuda_index: c_int,
        out: *mut *mut C_tensor,
    ) -> *mut c_char;
    pub(crate) fn tunewise_set_generator_state(
        cuda_index: c_int,
        state: *const C_tensor,
    ) -> *mut c_char;
    pub(crate) fn tunewise_threads_from_here(threads: c_int) -> c_int;
    pub(crate) fn tunewise_form_team();
    pub(crate) fn tunewise_is_sole(tensor: *const C_tensor) -> c_int;
    fn free(pointer: *mut c_void);
}

/// The tensors' C++ handles, in order. They are borrowed: the tensors must outlive the call.
pub(crate) fn handles<'a>(tensors: impl IntoIterator<Item = &'a Tensor>) -> Vec<*mut C_tensor> {
    tensors.into_iter().map(|tensor| tensor.as_ptr().cast_mut()).collect()
}

/// Turns a shim function's answer (null, or a message to free) into a result.
pub(crate) fn check(op: &'static str, message: *mut c_char) -> Result<()> {
    if message.is_null() {
        return Ok(());
    }
    // SAFETY: `guard` in shim.h returns null or a NUL-terminated string from `strdup`, which nobody
    // else holds: it is read once and freed once.
    let text = unsafe {
        let text = CStr::from_ptr(message).to_string_lossy().into_owned();
        free(message.cast());
        text
    };
    Err(Error::Libtorch { op, message: text })
}
