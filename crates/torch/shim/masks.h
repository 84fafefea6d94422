// Dropout masks as a function of a key and a place, so that the backward pass draws them again.
#pragma once
#include <cstdint>

namespace tunewise {

// Values that a draw can take; `dropped` of them drop an element.
constexpr uint32_t kDraws = 1u << 16;

struct Masks {
  uint32_t dropped;
  float scale;
  uint32_t key[2];

  Masks(int64_t dropped_draws, int64_t key_bits)
      : dropped(static_cast<uint32_t>(dropped_draws)),
        scale(static_cast<float>(static_cast<double>(kDraws) / (kDraws - dropped))),
        key{static_cast<uint32_t>(key_bits), static_cast<uint32_t>(static_cast<uint64_t>(key_bits) >> 32)} {}

  bool active() const { return dropped > 0; }

  // The factors, 0 or `scale`, of row `row` of a matrix `[rows, n]`.
  void row(float* factors, int64_t row, int64_t n) const;
};

}  // namespace tunewise
