// Dropout, residual and LayerNorm in one pass over rows, forward and backward.
#include "lanes.h"
#include "masks.h"
#include "shim.h"
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>
#include <vector>

namespace tunewise {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Rows whose sums for weight and bias are added up by one thread: fixed, so that the result does not
// depend on the number of threads.
constexpr int64_t kRows = 32;

template <class T>
TUNEWISE_BODY void sum_body(const T* x, const float* residual, const float* factors, float* h, int64_t n) {
  for (int64_t i = 0; i < n; ++i) h[i] = load(x, i) * factors[i] + residual[i];
}
TUNEWISE_CLONES void sum_rows(const float* x, const float* r, const float* f, float* h, int64_t n) { sum_body(x, r, f, h, n); }
TUNEWISE_CLONES void sum_rows(const uint16_t* x, const float* r, const float* f, float* h, int64_t n) { sum_body(x, r, f, h, n); }

// Mean and reciprocal deviation of h, in two passes.
TUNEWISE_CLONES void moments(const float* h, int64_t n, float eps, float* stats) {
  float sum = 0, squares = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < n; ++i) sum += h[i];
  const float mean = sum / static_cast<float>(n);
#pragma omp simd reduction(+ : squares)
  for (int64_t i = 0; i < n; ++i) squares += (h[i] - mean) * (h[i] - mean);
  stats[0] = mean;
  stats[1] = 1.0f / std::sqrt(squares / static_cast<float>(n) + eps);
}

TUNEWISE_CLONES void normalize(const float* h, const float* stats, const float* weight, const float* bias, float* y, int64_t n) {
  const float mean = stats[0], rstd = stats[1];
  for (int64_t i = 0; i < n; ++i) y[i] = (h[i] - mean) * rstd * weight[i] + bias[i];
}

TUNEWISE_CLONES void narrow_row(const float* y, uint16_t* out, int64_t n) {
  for (int64_t i = 0; i < n; ++i) out[i] = narrow(y[i]);
}

TUNEWISE_CLONES void add_widened(const uint16_t* x, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] += widen(x[i]);
}

// The gradient of a row: g in, dh out, and what weight and bias get is added.
TUNEWISE_CLONES void norm_backward(const float* h, const float* stats, const float* weight, float* g, float* dweight,
                                   float* dbias, int64_t n) {
  const float mean = stats[0], rstd = stats[1];
  float first = 0, second = 0;
#pragma omp simd reduction(+ : first, second)
  for (int64_t i = 0; i < n; ++i) {
    const float normal = (h[i] - mean) * rstd;
    dweight[i] += g[i] * normal;
    dbias[i] += g[i];
    g[i] *= weight[i];
    first += g[i];
    second += g[i] * normal;
  }
  first /= static_cast<float>(n);
  second /= static_cast<float>(n);
  for (int64_t i = 0; i < n; ++i) g[i] = rstd * (g[i] - first - (h[i] - mean) * rstd * second);
}

template <class T>
TUNEWISE_BODY void scale_body(const float* dh, const float* factors, T* dx, int64_t n) {
  for (int64_t i = 0; i < n; ++i) store(dx, i, dh[i] * factors[i]);
}
TUNEWISE_CLONES void scale_rows(const float* dh, const float* f, float* dx, int64_t n) { scale_body(dh, f, dx, n); }
TUNEWISE_CLONES void scale_rows(const float* dh, const float* f, uint16_t* dx, int64_t n) { scale_body(dh, f, dx, n); }

bool is_half(const at::Tensor& x) { return x.scalar_type() == at::kBFloat16; }
const uint16_t* half(const at::Tensor& x) { return static_cast<const uint16_t*>(x.const_data_ptr()); }
uint16_t* half_out(at::Tensor& x) { return static_cast<uint16_t*>(x.data_ptr()); }
const float* full(const at::Tensor& x) { return x.const_data_ptr<float>(); }

struct AddNorm : torch::autograd::Function<AddNorm> {
  // Gives [h normalized in Float, the same in bfloat16 if x is].
  static variable_list forward(AutogradContext* ctx, const at::Tensor& x_any, const at::Tensor& residual_any,
                               const at::Tensor& weight, const at::Tensor& bias, double eps, int64_t dropped, int64_t key) {
    auto x = x_any.contiguous(), residual = residual_any.contiguous();
    const Masks masks(dropped, key);
    const int64_t n = x.size(-1), rows = n ? x.numel() / n : 0;
    auto h = at::empty_like(residual), y = at::empty_like(residual);
    auto stats = at::empty({rows, 2}, residual.options());
    auto y_half = is_half(x) ? at::empty_like(x) : at::Tensor();
    at::parallel_for(0, rows, kRows, [&](int64_t begin, int64_t end) {
      std::vector<float> factors(n, 1.0f);
      for (int64_t row = begin; row < end; ++row) {
        const int64_t at = row * n;
        float* sum = h.data_ptr<float>() + at;
        float* out = y.data_ptr<float>() + at;
        float* stat = stats.data_ptr<float>() + row * 2;
        if (masks.active()) masks.row(factors.data(), row, n);
        if (is_half(x)) {
          sum_rows(half(x) + at, full(residual) + at, factors.data(), sum, n);
        } else {
          sum_rows(full(x) + at, full(residual) + at, factors.data(), sum, n);
        }
        moments(sum, n, static_cast<float>(eps), stat);
        normalize(sum, stat, full(weight), full(bias), out, n);
        if (y_half.defined()) narrow_row(out, half_out(y_half) + at, n);
      }
    });
    ctx->save_for_backward({h, stats, weight});
    ctx->saved_data["half"] = is_half(x);
    ctx->saved_data["dropped"] = dropped;
    ctx->saved_data["key"] = key;
    ctx->set_materialize_grads(false);
    if (!y_half.defined()) return {y};
    return {y, y_half};
  }

  static variable_list backward(AutogradContext* ctx, variable_list gradients) {
    const auto saved = ctx->get_saved_variables();
    const at::Tensor &h = saved[0], &stats = saved[1], &weight = saved[2];
    const bool halved = ctx->saved_data["half"].toBool();
    const Masks masks(ctx->saved_data["dropped"].toInt(), ctx->saved_data["key"].toInt());
    const int64_t n = h.size(-1), rows = n ? h.numel() / n : 0, blocks = (rows + kRows - 1) / kRows;
    auto from = [&](size_t i) { return i < gradients.size() && gradients[i].defined() ? gradients[i].contiguous() : at::Tensor(); };
    const at::Tensor g = from(0), g_half = from(1);
    auto dh = at::empty_like(h);
    auto dx = at::empty(h.sizes(), h.options().dtype(halved ? at::kBFloat16 : at::kFloat));
    auto sums = at::empty({blocks, 2, n}, h.options());
    at::parallel_for(0, blocks, 1, [&](int64_t begin, int64_t end) {
      std::vector<float> factors(n, 1.0f);
      for (int64_t block = begin; block < end; ++block) {
        float* dweight = sums.data_ptr<float>() + block * 2 * n;
        std::memset(dweight, 0, 2 * n * sizeof(float));
        for (int64_t row = block * kRows; row < std::min(rows, (block + 1) * kRows); ++row) {
          const int64_t at = row * n;
          float* grad = dh.data_ptr<float>() + at;
          if (g.defined()) {
            std::memcpy(grad, full(g) + at, n * sizeof(float));
          } else {
            std::memset(grad, 0, n * sizeof(float));
          }
          if (g_half.defined()) add_widened(half(g_half) + at, grad, n);
          norm_backward(full(h) + at, full(stats) + row * 2, full(weight), grad, dweight, dweight + n, n);
          if (masks.active()) masks.row(factors.data(), row, n);
          if (halved) {
            scale_rows(grad, factors.data(), half_out(dx) + at, n);
          } else {
            scale_rows(grad, factors.data(), dx.data_ptr<float>() + at, n);
          }
        }
      }
    });
    auto total = sums.sum(0);
    return {dx, dh, total.select(0, 0), total.select(0, 1), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

void check_add_norm(const at::Tensor& x, const at::Tensor& residual, const at::Tensor& weight, const at::Tensor& bias) {
  auto is_full = [](const at::Tensor& t) { return t.is_cpu() && t.scalar_type() == at::kFloat; };
  TORCH_CHECK(x.is_cpu() && (is_half(x) || is_full(x)) && x.dim() > 0, "add_norm: expected a Float or BFloat16 tensor on the CPU");
  TORCH_CHECK(is_full(residual) && residual.sizes() == x.sizes(), "add_norm: expected a Float residual of shape ", x.sizes());
  const auto last = x.sizes().slice(x.dim() - 1);
  TORCH_CHECK(is_full(weight) && is_full(bias) && weight.sizes() == last && bias.sizes() == last && weight.is_contiguous() &&
                  bias.is_contiguous(),
              "add_norm: expected Float weight and bias of shape ", last);
}

}  // namespace
}  // namespace tunewise

extern "C" {

// LayerNorm(dropout(x) + residual): x [.., n] Float or BFloat16, residual [.., n] Float. `outs[0]` is
// Float; `outs[1]` is the same rounded to BFloat16 if x is, else stays null.
char* tunewise_add_norm(const at::Tensor* x, const at::Tensor* residual, const at::Tensor* weight, const at::Tensor* bias,
                        double eps, int64_t dropped, int64_t key, at::Tensor** outs) {
  return tunewise::guard([&] {
    tunewise::check_add_norm(*x, *residual, *weight, *bias);
    auto result = tunewise::AddNorm::apply(*x, *residual, *weight, *bias, eps, dropped, key);
    for (size_t i = 0; i < result.size(); ++i) outs[i] = new at::Tensor(result[i]);
  });
}
}
