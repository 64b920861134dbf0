// Vectors of the machine's own width, written once for AVX-512, AVX2, NEON and plain C++ (GCC and Clang extensions).
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

#define INLINE inline __attribute__((always_inline))

#if defined(SRM_PORTABLE)
constexpr int LANES = 4, ACCUMULATORS = 8;
#elif defined(__AVX512F__)
constexpr int LANES = 16, ACCUMULATORS = 24;  // of 32 registers
#elif defined(__AVX2__)
constexpr int LANES = 8, ACCUMULATORS = 12;  // of 16 registers
#elif defined(__ARM_NEON)
constexpr int LANES = 4, ACCUMULATORS = 24;  // of 32 registers
#else
constexpr int LANES = 4, ACCUMULATORS = 8;
#endif

typedef float Vec __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
typedef int32_t IVec __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
typedef uint16_t HalfVec __attribute__((vector_size(LANES * 2), aligned(2), may_alias));
typedef int8_t ByteVec __attribute__((vector_size(LANES), aligned(1), may_alias));

#if !defined(SRM_PORTABLE) && defined(__AVX2__)
#include <immintrin.h>
#endif

// The nearest whole numbers, halves to the even one, of values between -2^22 and 2^22.
INLINE IVec nearest(Vec v) {
#if !defined(SRM_PORTABLE) && defined(__AVX512F__)
  return (IVec)_mm512_cvtps_epi32((__m512)v);
#elif !defined(SRM_PORTABLE) && defined(__AVX2__)
  return (IVec)_mm256_cvtps_epi32((__m256)v);
#else
  return __builtin_convertvector((v + 12582912.0f) - 12582912.0f, IVec);  // 1.5 * 2^23 leaves no room for fractions
#endif
}

INLINE Vec load(const float* p) { return *reinterpret_cast<const Vec*>(p); }
INLINE void store(float* p, Vec v) { *reinterpret_cast<Vec*>(p) = v; }
INLINE Vec broadcast(float x) { return x - Vec{}; }
INLINE IVec load(const uint8_t* p) { return *reinterpret_cast<const IVec*>(p); }
INLINE IVec broadcast(int32_t x) { return x - IVec{}; }

INLINE float sum(Vec v) {
  float s = 0;
  for (int i = 0; i < LANES; i++) s += v[i];
  return s;
}

INLINE int32_t sum(IVec v) {
#if !defined(SRM_PORTABLE) && defined(__AVX512F__)
  return _mm512_reduce_add_epi32((__m512i)v);
#else
  int32_t s = 0;
  for (int i = 0; i < LANES; i++) s += v[i];
  return s;
#endif
}

INLINE int32_t largest(IVec v) {
#if !defined(SRM_PORTABLE) && defined(__AVX512F__)
  return _mm512_reduce_max_epi32((__m512i)v);
#else
  int32_t m = v[0];
  for (int i = 1; i < LANES; i++) m = v[i] > m ? v[i] : m;
  return m;
#endif
}

INLINE float largest(Vec v) {
  float m = v[0];
  for (int i = 1; i < LANES; i++) m = v[i] > m ? v[i] : m;
  return m;
}

INLINE Vec larger(Vec a, Vec b) { return a > b ? a : b; }

// e^x for x in [-87, 88] (clamped), relative error below 2e-7: 2^n times a polynomial of degree 6 on [-ln2/2, ln2/2].
INLINE Vec exponential(Vec x) {
  x = x > 88.0f ? broadcast(88.0f) : x;
  x = x < -87.0f ? broadcast(-87.0f) : x;
  Vec shifted = x * 1.44269504f + 12582912.0f;  // adding 1.5 * 2^23 rounds to the nearest whole number
  Vec n = shifted - 12582912.0f;
  Vec r = x - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  Vec p = broadcast(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  IVec power = (__builtin_convertvector(n, IVec) + 127) << 23;
  return p * reinterpret_cast<Vec&>(power);
}

INLINE Vec sigmoid(Vec x) { return 1.0f / (1.0f + exponential(-x)); }
INLINE Vec capped(Vec x, float cap) { return cap * (2.0f * sigmoid(x * (2.0f / cap)) - 1.0f); }  // cap tanh(x / cap)

constexpr int padded(int n, int to) { return (n + to - 1) / to * to; }
