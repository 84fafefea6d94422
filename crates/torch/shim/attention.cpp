// Self-attention of padded texts: two batched products, with mask, softmax and dropout in one pass
// between them, forward and backward.
#include "lanes.h"
#include "masks.h"
#include "shim.h"
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <algorithm>
#include <torch/csrc/autograd/custom_function.h>
#include <vector>

namespace tunewise {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// A padded token's score: finite, so that a row of nothing but padding gives no NaN.
constexpr float kMasked = -3e38f;

// e^x for x <= 0 (Cephes' single-precision polynomial, relative error below 2e-7), 0 where it would be
// subnormal.
TUNEWISE_BODY float exponential(float exponent) {
  const float x = exponent < -87.0f ? -87.0f : exponent;
  const float shifted = x * 1.44269504f + 12582912.0f;  // the sum's low bits are the rounded exponent
  const float n = shifted - 12582912.0f;
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  uint32_t bits = static_cast<uint32_t>(static_cast<int32_t>(n) + 127) << 23;
  float power;
  std::memcpy(&power, &bits, sizeof power);
  return exponent < -87.0f ? 0.0f : p * power;
}

// scores in, probabilities out; `dropped` gets them times the factors.
template <class T>
TUNEWISE_BODY void softmax_body(T* scores, T* dropped, const float* bias, const float* factors, float* row, float scale, int64_t n) {
  float peak = kMasked;
#pragma omp simd reduction(max : peak)
  for (int64_t i = 0; i < n; ++i) {
    row[i] = bias[i] < 0 ? kMasked : load(scores, i) * scale;
    peak = row[i] > peak ? row[i] : peak;
  }
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < n; ++i) {
    row[i] = exponential(row[i] - peak);
    sum += row[i];
  }
  const float share = 1.0f / sum;
  for (int64_t i = 0; i < n; ++i) {
    const float p = row[i] * share;
    store(scores, i, p);
    store(dropped, i, p * factors[i]);
  }
}
TUNEWISE_CLONES void softmax(float* s, float* d, const float* b, const float* f, float* r, float scale, int64_t n) { softmax_body(s, d, b, f, r, scale, n); }
TUNEWISE_CLONES void softmax(uint16_t* s, uint16_t* d, const float* b, const float* f, float* r, float scale, int64_t n) { softmax_body(s, d, b, f, r, scale, n); }

// The gradient of dropped probabilities in, that of the scores out, 0 for masked ones; `dropped` gets
// the probabilities times the factors again.
template <class T>
TUNEWISE_BODY void softmax_backward_body(const T* probabilities, T* gradient, T* dropped, const float* bias, const float* factors, float scale, int64_t n) {
  float dot = 0;
#pragma omp simd reduction(+ : dot)
  for (int64_t i = 0; i < n; ++i) dot += load(gradient, i) * factors[i] * load(probabilities, i);
  for (int64_t i = 0; i < n; ++i) {
    const float p = load(probabilities, i);
    store(dropped, i, p * factors[i]);
    const float slope = p * (load(gradient, i) * factors[i] - dot) * scale;
    store(gradient, i, bias[i] < 0 ? 0.0f : slope);
  }
}
TUNEWISE_CLONES void softmax_backward(const float* p, float* g, float* d, const float* b, const float* f, float s, int64_t n) { softmax_backward_body(p, g, d, b, f, s, n); }
TUNEWISE_CLONES void softmax_backward(const uint16_t* p, uint16_t* g, uint16_t* d, const float* b, const float* f, float s, int64_t n) { softmax_backward_body(p, g, d, b, f, s, n); }

template <class F>
void by_dtype(const at::Tensor& x, F&& f) {
  if (x.scalar_type() == at::kFloat) {
    f(static_cast<float*>(nullptr));
  } else {
    f(static_cast<uint16_t*>(nullptr));
  }
}
template <class T>
T* data(const at::Tensor& x) {
  return static_cast<T*>(x.data_ptr());
}

// Below 0 where a token is not to be seen.
inline void mark(float* bias, const bool* kept, int64_t n) {
  for (int64_t i = 0; i < n; ++i) bias[i] = kept[i] ? 0.0f : -1.0f;
}

constexpr int64_t kGrain = 32;  // rows of scores

// [batch, seq, parts * heads * size] to [parts, batch * heads, seq, size].
at::Tensor by_head(const at::Tensor& x, int64_t parts, int64_t heads) {
  const int64_t batch = x.size(0), seq = x.size(1), size = x.size(2) / (parts * heads);
  return x.view({batch, seq, parts, heads, size}).permute({2, 0, 3, 1, 4}).contiguous().view({parts, batch * heads, seq, size});
}

// The way back.
at::Tensor by_token(const at::Tensor& x, int64_t batch) {
  const int64_t parts = x.size(0), heads = x.size(1) / batch, seq = x.size(2), size = x.size(3);
  return x.view({parts, batch, heads, seq, size}).permute({1, 3, 0, 2, 4}).reshape({batch, seq, parts * heads * size});
}

struct Attend : torch::autograd::Function<Attend> {
  // `packed` holds queries, keys and values side by side, or keys and values if `queries` has the rest.
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& packed, const std::optional<at::Tensor>& queries,
                            const std::optional<at::Tensor>& keep, int64_t heads, int64_t dropped, int64_t key) {
    const int64_t batch = packed.size(0), parts = queries ? 2 : 3;
    auto all = by_head(packed.contiguous(), parts, heads);
    auto q = queries ? by_head(queries->contiguous(), 1, heads)[0] : all[0];
    auto k = all[parts - 2], v = all[parts - 1];
    const double scale = 1.0 / std::sqrt(static_cast<double>(q.size(2)));
    auto p = at::bmm(q, k.transpose(1, 2));  // [batch * heads, queries, seq]
    const Masks masks(dropped, key);
    auto p_dropped = masks.active() ? at::empty_like(p) : p;
    const int64_t n = p.size(2), rows = p.size(0) * p.size(1), rows_of_text = heads * p.size(1);
    const bool* kept = keep ? keep->const_data_ptr<bool>() : nullptr;
    by_dtype(p, [&](auto* dtype) {
      using T = std::remove_pointer_t<decltype(dtype)>;
      at::parallel_for(0, rows, kGrain, [&](int64_t begin, int64_t end) {
        std::vector<float> factors(n, 1.0f), bias(n, 0.0f), row(n);
        for (int64_t r = begin; r < end; ++r) {
          if (kept) mark(bias.data(), kept + r / rows_of_text * n, n);
          if (masks.active()) masks.row(factors.data(), r, n);
          softmax(data<T>(p) + r * n, data<T>(p_dropped) + r * n, bias.data(), factors.data(), row.data(),
                  static_cast<float>(scale), n);
        }
      });
    });
    ctx->save_for_backward({all, queries ? q : at::Tensor(), p, keep ? *keep : at::Tensor()});
    ctx->saved_data["batch"] = batch;
    ctx->saved_data["dropped"] = dropped;
    ctx->saved_data["key"] = key;
    return by_token(at::bmm(p_dropped, v).unsqueeze(0), batch);
  }

  static variable_list backward(AutogradContext* ctx, variable_list gradients) {
    const auto saved = ctx->get_saved_variables();
    const at::Tensor &all = saved[0], &p = saved[2];
    const bool apart = saved[1].defined();
    const int64_t batch = ctx->saved_data["batch"].toInt(), parts = all.size(0), heads = all.size(1) / batch;
    const Masks masks(ctx->saved_data["dropped"].toInt(), ctx->saved_data["key"].toInt());
    const at::Tensor q = apart ? saved[1] : all[0], k = all[parts - 2], v = all[parts - 1];
    const double scale = 1.0 / std::sqrt(static_cast<double>(q.size(2)));
    auto g = by_head(gradients[0].contiguous(), 1, heads)[0];  // [batch * heads, queries, size]
    auto dp = at::bmm(g, v.transpose(1, 2));
    auto p_dropped = at::empty_like(p);
    const int64_t n = p.size(2), rows = p.size(0) * p.size(1), rows_of_text = heads * p.size(1);
    const bool* kept = saved[3].defined() ? saved[3].const_data_ptr<bool>() : nullptr;
    by_dtype(p, [&](auto* dtype) {
      using T = std::remove_pointer_t<decltype(dtype)>;
      at::parallel_for(0, rows, kGrain, [&](int64_t begin, int64_t end) {
        std::vector<float> factors(n, 1.0f), bias(n, 0.0f);
        for (int64_t r = begin; r < end; ++r) {
          if (kept) mark(bias.data(), kept + r / rows_of_text * n, n);
          if (masks.active()) masks.row(factors.data(), r, n);
          softmax_backward(data<T>(p) + r * n, data<T>(dp) + r * n, data<T>(p_dropped) + r * n, bias.data(),
                           factors.data(), static_cast<float>(scale), n);
        }
      });
    });
    auto dall = at::empty_like(all);
    auto dk = dall[parts - 2], dv = dall[parts - 1];
    at::bmm_out(dv, p_dropped.transpose(1, 2), g);
    at::bmm_out(dk, dp.transpose(1, 2), q);
    at::Tensor dqueries;
    if (apart) {
      dqueries = by_token(at::bmm(dp, k).unsqueeze(0), batch);
    } else {
      auto dq = dall[0];
      at::bmm_out(dq, dp, k);
    }
    return {by_token(dall, batch), dqueries, at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

void check_attention(const at::Tensor& packed, const at::Tensor* queries, const at::Tensor* keep, int64_t heads) {
  const auto dtype = packed.scalar_type();
  const int64_t parts = queries ? 2 : 3;
  TORCH_CHECK(packed.is_cpu() && packed.dim() == 3 && (dtype == at::kFloat || dtype == at::kBFloat16) && heads > 0 &&
                  packed.size(2) % (parts * heads) == 0 && packed.size(1) > 0,
              "attention: expected [batch, seq, ", parts, " * hidden] Float or BFloat16 on the CPU, got ", packed.sizes());
  if (queries) {
    TORCH_CHECK(queries->dim() == 3 && queries->scalar_type() == dtype && queries->size(0) == packed.size(0) &&
                    queries->size(2) * parts == packed.size(2),
                "attention: queries ", queries->sizes(), " do not fit ", packed.sizes());
  }
  if (keep) {
    TORCH_CHECK(keep->is_cpu() && keep->scalar_type() == at::kBool && keep->is_contiguous() &&
                    keep->numel() == packed.size(0) * packed.size(1),
                "attention: expected one contiguous Bool mark a token, got ", keep->sizes());
  }
}

}  // namespace
}  // namespace tunewise

extern "C" {

// softmax(q k^T / sqrt(size)) v by head. packed [batch, seq, 3 hidden], or [batch, seq, 2 hidden] with
// queries [batch, n, hidden]; keep (may be null) one Bool a token. Gives [batch, n or seq, hidden].
char* tunewise_attention(const at::Tensor* packed, const at::Tensor* queries, const at::Tensor* keep, int64_t heads,
                         int64_t dropped, int64_t key, at::Tensor** out) {
  return tunewise::guard([&] {
    tunewise::check_attention(*packed, queries, keep, heads);
    auto optional = [](const at::Tensor* t) { return t ? std::optional<at::Tensor>(*t) : std::nullopt; };
    *out = new at::Tensor(tunewise::Attend::apply(*packed, optional(queries), optional(keep), heads, dropped, key));
  });
}
}
