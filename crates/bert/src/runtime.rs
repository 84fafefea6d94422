//! What libtorch is and sees.

use tch::Device;
pub use tunewise_torch::exit_at_once;

/// libtorch's version, devices, threads and arithmetic, as keys and values for people.
#[must_use]
pub fn runtime_info() -> Vec<(&'static str, String)> {
    let cuda_loaded = tunewise_torch::init();
    let devices = if tch::Cuda::is_available() { tch::Cuda::device_count() } else { 0 };
    let device = if devices > 0 { Device::Cuda(0) } else { Device::Cpu };
    vec![
        ("libtorch", tunewise_torch::LIBTORCH_VERSION.to_owned()),
        ("CUDA library", if cuda_loaded { "loaded" } else { "none, a CPU build" }.to_owned()),
        ("CUDA devices", devices.to_string()),
        ("fast bfloat16", tunewise_torch::has_fast_bf16(device).to_string()),
        ("threads", tch::get_num_threads().to_string()),
    ]
}

/// Sets libtorch's threads for one operation, at least 1.
pub fn set_num_threads(threads: u16) {
    tch::set_num_threads(i32::from(threads.max(1)));
}

/// libtorch has one generator for the whole process: unit tests that draw from it take turns.
#[cfg(test)]
pub(crate) fn generator() -> std::sync::MutexGuard<'static, ()> {
    static GENERATOR: std::sync::Mutex<()> = std::sync::Mutex::new(());
    GENERATOR.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
