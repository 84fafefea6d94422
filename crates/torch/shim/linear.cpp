// Linear layers in bfloat16 over Float weights, several that read the same input as one product.
#include "lanes.h"
#include "shim.h"
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <torch/csrc/autograd/custom_function.h>
#include <vector>

namespace tunewise {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kColumns = 64;

TUNEWISE_CLONES void add_row(const uint16_t* x, float* sums, int64_t n) {
  for (int64_t i = 0; i < n; ++i) sums[i] += widen(x[i]);
}

// Sums over the rows of x [rows, n] BFloat16, Float; rows in their order whatever the threads.
at::Tensor column_sums(const at::Tensor& x) {
  const int64_t rows = x.size(0), n = x.size(1);
  auto out = at::empty({n}, x.options().dtype(at::kFloat));
  const auto* from = static_cast<const uint16_t*>(x.const_data_ptr());
  float* sums = out.data_ptr<float>();
  at::parallel_for(0, (n + kColumns - 1) / kColumns, 4, [&](int64_t begin, int64_t end) {
    const int64_t first = begin * kColumns, count = std::min(n, end * kColumns) - first;
    std::memset(sums + first, 0, count * sizeof(float));
    for (int64_t row = 0; row < rows; ++row) add_row(from + row * n + first, sums + first, count);
  });
  return out;
}

at::Tensor stacked(at::TensorList tensors) {
  std::vector<at::Tensor> halves;
  for (const auto& tensor : tensors) halves.push_back(tensor.to(at::kBFloat16));
  return halves.size() == 1 ? halves[0] : at::cat(halves);
}

struct HalfLinear : torch::autograd::Function<HalfLinear> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, at::TensorList weights, at::TensorList biases) {
    auto flat = x.reshape({-1, x.size(-1)});
    auto weight = stacked(weights), bias = stacked(biases);
    ctx->save_for_backward({flat, weight});
    std::vector<int64_t> outputs;
    for (const auto& w : weights) outputs.push_back(w.size(0));
    ctx->saved_data["outputs"] = outputs;
    auto shape = x.sizes().vec();
    shape.back() = weight.size(0);
    return at::addmm(bias, flat, weight.t()).view(shape);
  }

  static variable_list backward(AutogradContext* ctx, variable_list gradients) {
    const auto saved = ctx->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1];
    const auto outputs = ctx->saved_data["outputs"].toIntVector();
    const auto g = gradients[0].reshape({-1, weight.size(0)}).contiguous();
    const size_t n = outputs.size();
    bool any = false;
    for (size_t i = 1; i <= 2 * n; ++i) any = any || ctx->needs_input_grad(i);
    variable_list result(1 + 2 * n);
    if (ctx->needs_input_grad(0)) {
      auto shape = gradients[0].sizes().vec();
      shape.back() = x.size(1);
      result[0] = at::mm(g, weight).view(shape);
    }
    if (any) {
      auto dweight = at::mm(g.t(), x).to(at::kFloat);
      auto dbias = column_sums(g);
      int64_t start = 0;
      for (size_t i = 0; i < n; ++i) {
        result[1 + i] = dweight.narrow(0, start, outputs[i]);
        result[1 + n + i] = dbias.narrow(0, start, outputs[i]);
        start += outputs[i];
      }
    }
    return result;
  }
};

std::vector<at::Tensor> list(at::Tensor* const* tensors, size_t n) {
  std::vector<at::Tensor> out;
  for (size_t i = 0; i < n; ++i) out.push_back(*tensors[i]);
  return out;
}

}  // namespace
}  // namespace tunewise

extern "C" {

// x [.., inputs] BFloat16 times n stacked weights [outputs_i, inputs] Float plus biases [outputs_i]:
// [.., sum of outputs] BFloat16.
char* tunewise_half_linear(const at::Tensor* x, at::Tensor* const* weights, at::Tensor* const* biases, size_t n, at::Tensor** out) {
  return tunewise::guard([&] {
    auto w = tunewise::list(weights, n), b = tunewise::list(biases, n);
    TORCH_CHECK(n > 0 && x->is_cpu() && x->scalar_type() == at::kBFloat16 && x->dim() > 0,
                "half_linear: expected a BFloat16 tensor on the CPU and one weight or more");
    for (size_t i = 0; i < n; ++i) {
      TORCH_CHECK(w[i].dim() == 2 && w[i].size(1) == x->size(-1) && b[i].dim() == 1 && b[i].size(0) == w[i].size(0),
                  "half_linear: weight ", w[i].sizes(), " and bias ", b[i].sizes(), " do not fit ", x->sizes());
    }
    *out = new at::Tensor(tunewise::HalfLinear::apply(*x, at::TensorList(w), at::TensorList(b)));
  });
}
}
