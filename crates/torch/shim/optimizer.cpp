// Optimizer kernels that tch does not bind: fused AdamW, and operations on a list of gradients.
#include "shim.h"
#include <ATen/core/Tensor.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/stack.h>
#include <vector>

namespace {
std::vector<at::Tensor> list(at::Tensor* const* tensors, size_t n) {
  std::vector<at::Tensor> out;
  out.reserve(n);
  for (size_t i = 0; i < n; ++i) out.push_back(*tensors[i]);
  return out;
}
}  // namespace

extern "C" {

struct tunewise_adamw_args {
  at::Tensor* const* parameters;
  at::Tensor* const* gradients;
  at::Tensor* const* exp_avgs;
  at::Tensor* const* exp_avg_sqs;
  at::Tensor* const* steps;
  size_t n;
  double learning_rate, beta1, beta2, weight_decay, epsilon;
};

// One step in place. The fused operator does not advance the step counters, so they go first.
char* tunewise_fused_adamw(const tunewise_adamw_args* a) {
  return tunewise::guard([&] {
    at::NoGradGuard no_grad;
    auto parameters = list(a->parameters, a->n);
    auto gradients = list(a->gradients, a->n);
    auto exp_avgs = list(a->exp_avgs, a->n);
    auto exp_avg_sqs = list(a->exp_avg_sqs, a->n);
    auto steps = list(a->steps, a->n);
    at::_foreach_add_(steps, 1);
    at::_fused_adamw_(parameters, gradients, exp_avgs, exp_avg_sqs, {}, steps, a->learning_rate,
                      a->beta1, a->beta2, a->weight_decay, a->epsilon, /*amsgrad=*/false,
                      /*maximize=*/false);
  });
}

// torch.nn.utils.clip_grad_norm_: the L2 norm of all gradients (a norm per tensor, then the norm of
// those), and every gradient times min(1, max_norm / (norm + 1e-6)). max_norm <= 0 only measures.
// `*out` is a new 0-dim tensor that the caller owns.
char* tunewise_clip_grad_norm(at::Tensor* const* gradients, size_t n, double max_norm, at::Tensor** out) {
  return tunewise::guard([&] {
    at::NoGradGuard no_grad;
    auto tensors = list(gradients, n);
    auto norm = at::linalg_vector_norm(at::stack(at::_foreach_norm(tensors, 2)));
    if (max_norm > 0) {
      auto coefficient = (max_norm / (norm + 1e-6)).clamp_max(1.0);
      // On the CPU a look costs nothing and saves a pass over all gradients; elsewhere it would wait
      // for the device.
      if (!norm.is_cpu() || coefficient.item().toDouble() != 1.0) at::_foreach_mul_(tensors, coefficient);
    }
    *out = new at::Tensor(norm);
  });
}

// Drops the gradients (they become undefined), so that the next backward writes instead of adds.
char* tunewise_clear_gradients(at::Tensor* const* parameters, size_t n) {
  return tunewise::guard([&] {
    for (size_t i = 0; i < n; ++i) parameters[i]->mutable_grad().reset();
  });
}
}
