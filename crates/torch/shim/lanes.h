// What the loops over rows share: versions for wider vectors, and bfloat16 in and out of registers.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

// One version of a function for each width of vectors; the loader picks what the processor has.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define TUNEWISE_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define TUNEWISE_CLONES
#endif
// A loop's body, which must become part of each version: a call would leave it in the narrowest one.
#define TUNEWISE_BODY inline __attribute__((always_inline))

namespace tunewise {

TUNEWISE_BODY float widen(uint16_t x) {
  uint32_t bits = static_cast<uint32_t>(x) << 16;
  float out;
  std::memcpy(&out, &bits, sizeof out);
  return out;
}

// To the nearest, ties to even; NaN stays NaN.
TUNEWISE_BODY uint16_t narrow(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  return static_cast<uint16_t>(x != x ? 0x7fc0u : rounded);
}

TUNEWISE_BODY float load(const float* x, int64_t i) { return x[i]; }
TUNEWISE_BODY float load(const uint16_t* x, int64_t i) { return widen(x[i]); }
TUNEWISE_BODY void store(float* x, int64_t i, float value) { x[i] = value; }
TUNEWISE_BODY void store(uint16_t* x, int64_t i, float value) { x[i] = narrow(value); }

}  // namespace tunewise
