// Dot products of bytes, four at a time: the sums are whole numbers, the same on every machine.
#pragma once
#include "vectors.h"

#if !defined(SRM_PORTABLE) && defined(__AVX512VNNI__)
constexpr int OFFSET = 128;  // int8 weights stand this much above zero: the instruction takes them unsigned
#else
constexpr int OFFSET = 0;
#endif

#if !defined(SRM_PORTABLE) && defined(__AVX2__)
// `SIGNED`: w may be negative. Two products of at most 127 * 127 fit into 16 bits.
template <bool SIGNED>
INLINE __m256i half_dotted(__m256i sums, __m256i w, __m256i x) {
  __m256i pairs = SIGNED ? _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(x, w)) : _mm256_maddubs_epi16(w, x);
  return _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}
#endif

// sums + w x, the four products of each lane added up. w: int8 weights plus OFFSET (SIGNED) or int4 codes from 0 to 15;
// x: from -127 to 127.
template <bool SIGNED>
INLINE IVec dotted(IVec sums, IVec w, IVec x) {
#if !defined(SRM_PORTABLE) && defined(__AVX512VNNI__)
  return (IVec)_mm512_dpbusd_epi32((__m512i)sums, (__m512i)w, (__m512i)x);
#elif !defined(SRM_PORTABLE) && defined(__AVX512F__)
  __m512i s = (__m512i)sums, a = (__m512i)w, b = (__m512i)x;
  __m256i low = half_dotted<SIGNED>(_mm512_castsi512_si256(s), _mm512_castsi512_si256(a), _mm512_castsi512_si256(b));
  __m256i high = half_dotted<SIGNED>(_mm512_extracti64x4_epi64(s, 1), _mm512_extracti64x4_epi64(a, 1),
                                     _mm512_extracti64x4_epi64(b, 1));
  return (IVec)_mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
#elif !defined(SRM_PORTABLE) && defined(__AVX2__)
  return (IVec)half_dotted<SIGNED>((__m256i)sums, (__m256i)w, (__m256i)x);
#else
  sums += (w << 24 >> 24) * (x << 24 >> 24);
  sums += (w << 16 >> 24) * (x << 16 >> 24);
  sums += (w << 8 >> 24) * (x << 8 >> 24);
  return sums + (w >> 24) * (x >> 24);
#endif
}
