// Process-wide switches that tch does not bind: the autocast dtype of a device.
#include "shim.h"
#include <ATen/autocast_mode.h>
#include <c10/core/DeviceType.h>

extern "C" {

// Enters (enabled = 1) or leaves bfloat16 autocast on CPU or CUDA. The weight cache is dropped on the
// way out: weights change between two forward passes of training.
char* tunewise_autocast_enter(int cuda) {
  return tunewise::guard([&] {
    auto device = cuda ? at::kCUDA : at::kCPU;
    at::autocast::set_autocast_dtype(device, at::kBFloat16);
    at::autocast::set_autocast_enabled(device, true);
    at::autocast::increment_nesting();
  });
}

char* tunewise_autocast_leave(int cuda) {
  return tunewise::guard([&] {
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(cuda ? at::kCUDA : at::kCPU, false);
  });
}
}
