// Counter-based dropout (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3": numbers by
// place instead of by turn). The mixing is Wellons' 32-bit hash of least bias (2018, "Prospecting for
// hash functions") twice, keyed before each.
#include "masks.h"
#include "lanes.h"
#include "shim.h"
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

namespace tunewise {
namespace {

TUNEWISE_BODY uint32_t hash(uint32_t x) {
  x ^= x >> 16;
  x *= 0x21f0aaadu;
  x ^= x >> 15;
  x *= 0x735a2d97u;
  return x ^ (x >> 15);
}

// A draw of 32 bits is two of 16: one for each half of the row.
TUNEWISE_CLONES void draw(float* low, float* high, int64_t count, uint32_t first, uint32_t key0, uint32_t key1,
                          uint32_t dropped, float scale) {
  for (int64_t i = 0; i < count; ++i) {
    uint32_t x = hash(hash((first + static_cast<uint32_t>(i)) ^ key0) ^ key1);
    low[i] = (x & 0xffffu) < dropped ? 0.0f : scale;
    high[i] = (x >> 16) < dropped ? 0.0f : scale;
  }
}

constexpr int64_t kBlock = 512;  // elements that share a row of draws where a tensor has no rows

at::Tensor masked(const at::Tensor& x, const Masks& masks) {
  auto in = x.contiguous();
  auto out = at::empty_like(in);
  const int64_t n = in.numel();
  const float* from = in.const_data_ptr<float>();
  float* to = out.data_ptr<float>();
  at::parallel_for(0, (n + kBlock - 1) / kBlock, 32, [&](int64_t begin, int64_t end) {
    float factors[kBlock];
    for (int64_t block = begin; block < end; ++block) {
      masks.row(factors, block, kBlock);
      const int64_t start = block * kBlock, count = std::min(kBlock, n - start);
      for (int64_t i = 0; i < count; ++i) to[start + i] = from[start + i] * factors[i];
    }
  });
  return out;
}

struct Dropout : torch::autograd::Function<Dropout> {
  static at::Tensor forward(torch::autograd::AutogradContext* ctx, const at::Tensor& x, int64_t dropped, int64_t key) {
    ctx->saved_data["dropped"] = dropped;
    ctx->saved_data["key"] = key;
    return masked(x, Masks(dropped, key));
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 torch::autograd::variable_list gradients) {
    Masks masks(ctx->saved_data["dropped"].toInt(), ctx->saved_data["key"].toInt());
    return {masked(gradients[0], masks), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

void Masks::row(float* factors, int64_t row, int64_t n) const {
  const int64_t half = (n + 1) / 2;
  const uint32_t first = static_cast<uint32_t>(row * half);
  draw(factors, factors + half, n / 2, first, key[0], key[1], dropped, scale);
  if (n % 2) {  // the middle one has no partner in the other half
    float unused;
    draw(factors + n / 2, &unused, 1, first + static_cast<uint32_t>(n / 2), key[0], key[1], dropped, scale);
  }
}

}  // namespace tunewise

extern "C" {

// x [..] Float on the CPU, each element times 0 or the scale. `*out` is a new tensor that the caller owns.
char* tunewise_dropout(const at::Tensor* x, int64_t dropped, int64_t key, at::Tensor** out) {
  return tunewise::guard([&] {
    TORCH_CHECK(x->is_cpu() && x->scalar_type() == at::kFloat, "dropout: expected a Float tensor on the CPU");
    *out = new at::Tensor(tunewise::Dropout::apply(*x, dropped, key));
  });
}
}
