// What tch does not bind: the autocast dtype, the random generator of a device, who shares a tensor, the
// threads of one thread's operations and of the process.
#include "shim.h"
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>
#include <c10/core/DeviceType.h>
#include <mutex>
#include <omp.h>

namespace {
// cuda_index < 0 is the CPU.
at::Generator generator(int cuda_index) {
  auto device = cuda_index < 0 ? at::Device(at::kCPU) : at::Device(at::kCUDA, cuda_index);
  return at::globalContext().defaultGenerator(device);
}
}  // namespace

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

int tunewise_autocast_enabled(int cuda) noexcept {
  return at::autocast::is_autocast_enabled(cuda ? at::kCUDA : at::kCPU);
}

char* tunewise_autocast_leave(int cuda) {
  return tunewise::guard([&] {
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(cuda ? at::kCUDA : at::kCPU, false);
  });
}

// The state of a device's default generator, in a new tensor that the caller owns; and back.
char* tunewise_generator_state(int cuda_index, at::Tensor** out) {
  return tunewise::guard([&] {
    auto gen = generator(cuda_index);
    std::lock_guard<std::mutex> lock(gen.mutex());
    *out = new at::Tensor(gen.get_state());
  });
}

char* tunewise_set_generator_state(int cuda_index, const at::Tensor* state) {
  return tunewise::guard([&] {
    auto gen = generator(cuda_index);
    std::lock_guard<std::mutex> lock(gen.mutex());
    gen.set_state(*state);
  });
}

// Whether this is the only handle on the tensor, and no other tensor shares its storage.
int tunewise_is_sole(const at::Tensor* tensor) noexcept {
  return tensor->use_count() == 1 && tensor->storage().use_count() == 1;
}

// Sets how many threads the operations that this thread begins use; how many they used.
int tunewise_threads_from_here(int threads) noexcept {
  auto before = at::get_num_threads();
  omp_set_num_threads(threads);
  return before;
}

// Gives the calling thread an OpenMP team of two, which stays with it.
void tunewise_form_team() noexcept {
#pragma omp parallel num_threads(2)
  {
#pragma omp barrier  // an empty region may be dropped
  }
}
}
