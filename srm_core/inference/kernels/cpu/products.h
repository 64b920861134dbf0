// Products of a weight matrix with a batch of rows.
//
// No output needs a horizontal sum, and all read one contiguous stream. Every output is one chain of fused multiply-adds in
// the order of the inputs (float32, bfloat16) or of their groups (int8, int4; inside a group the sum is a whole number and
// exact), whatever the number of rows: a row's result does not depend on the rows beside it, bit for bit.
#pragma once
#include "rounded.h"

// What is multiplied: rows of floats, and from row `first` on of all that were made ready: for int8 and int4 weights the same
// rows rounded, for a matrix with an adapter beside it what that makes of them first.
struct Rows {
  const float* x;
  size_t stride;
  const Rounded* rounded;
  int first;
  const float* narrow = nullptr;
  size_t narrow_stride = 0;
};

// `done(panel, row, low, high)` takes what a row of the matrix times a row of the batch makes.
template <class Done>
INLINE void finish(const Matrix& m, const Rows& rows, int panel, int row, Vec low, Vec high, const Done& done) {
  if (m.scales) {
    low *= load(m.scales + panel * PANEL);
    high *= load(m.scales + panel * PANEL + LANES);
  }
  if (m.bias) {
    low += load(m.bias + panel * PANEL);
    high += load(m.bias + panel * PANEL + LANES);
  }
  if (m.beside.rank) {
    const float* narrow = rows.narrow + (rows.first + row) * rows.narrow_stride;
    low += m.beside.widened(2 * panel, narrow);
    high += m.beside.widened(2 * panel + 1, narrow);
  }
  done(panel, row, low, high);
}

struct Float32 {
  static constexpr int BYTES = 4;
  static INLINE Vec at(const uint8_t* p) { return load(reinterpret_cast<const float*>(p)); }
};

struct BFloat16 {
  static constexpr int BYTES = 2;
  static INLINE Vec at(const uint8_t* p) {
    IVec wide = __builtin_convertvector(*reinterpret_cast<const HalfVec*>(p), IVec) << 16;
    return reinterpret_cast<Vec&>(wide);
  }
};

// P panels times N rows, the lower and the upper output rows of each panel; accumulators stay in registers.
template <class W>
struct InFloats {
  static constexpr int MOST_ROWS = ACCUMULATORS / 2;
  static constexpr int panels(int rows) { return rows * 8 <= ACCUMULATORS ? 4 : rows * 4 <= ACCUMULATORS ? 2 : 1; }

  template <int P, int N>
  static void tile(const Matrix& m, int panel, const Rows& rows, int row, Vec (*made)[N][2]) {
    Vec sums[P][N][2];
    const uint8_t* w[P];
    for (int p = 0; p < P; p++) w[p] = m.data + (panel + p) * m.panel_bytes;
    for (int p = 0; p < P; p++)
      for (int n = 0; n < N; n++) sums[p][n][0] = sums[p][n][1] = Vec{};
    const size_t stride = rows.stride;
    const float* from = rows.x + row * stride;
    constexpr int HALF = LANES * W::BYTES;
    for (int k = 0; k < m.inputs; k++) {
#pragma GCC unroll 4
      for (int p = 0; p < P; p++) {
        const uint8_t* at = w[p] + size_t(k) * 2 * HALF;
        Vec low = W::at(at), high = W::at(at + HALF);
        if (N >= 8) {  // busy computing: meanwhile the panels of the next round come nearer
          __builtin_prefetch(at + 4 * m.panel_bytes, 0, 2);
          if (2 * HALF > 64) __builtin_prefetch(at + 4 * m.panel_bytes + 64, 0, 2);
        }
#pragma GCC unroll 12
        for (int n = 0; n < N; n++) {
          Vec input = broadcast(from[n * stride + k]);
          sums[p][n][0] += low * input;
          sums[p][n][1] += high * input;
        }
      }
    }
    memcpy(made, sums, sizeof(sums));
  }
};

struct Int8 {
  static constexpr bool SIGNED = true;
  static constexpr int BEFORE = 0, QUADS = 1;  // bytes before the vectors of a group; fours of inputs in a vector
  static INLINE IVec codes(IVec vector, int) { return vector; }
  static INLINE void add(Vec& sums, Vec dots, const uint8_t*, float) { sums += dots; }
};

struct Int4 {
  static constexpr bool SIGNED = false;
  static constexpr int BEFORE = PANEL * 4, QUADS = 2;
  static INLINE IVec codes(IVec vector, int quad) { return vector >> (4 * quad) & 0x0f0f0f0f; }
  static INLINE void add(Vec& sums, Vec dots, const uint8_t* words, float shift) {
    IVec both = load(words), scale = both << 16, least = both & int(0xffff0000);
    sums += dots * reinterpret_cast<Vec&>(scale);
    sums += reinterpret_cast<Vec&>(least) * shift;
  }
};

template <class W>
struct InWholeNumbers {
  static constexpr int MOST_ROWS = ACCUMULATORS / 4;
  static constexpr int panels(int rows) { return rows * 16 <= ACCUMULATORS ? 4 : rows * 8 <= ACCUMULATORS ? 2 : 1; }

  template <int P, int N>
  static void tile(const Matrix& m, int panel, const Rows& rows, int row, Vec (*made)[N][2]) {
    const Rounded& from = *rows.rounded;
    const uint8_t* w[P];
    size_t place[N];  // of the first group of each row
    Vec sums[P][N][2];
    for (int p = 0; p < P; p++) w[p] = m.data + (panel + p) * m.panel_bytes;
    for (int n = 0; n < N; n++) place[n] = (rows.first + row + n) * from.groups;
    for (int p = 0; p < P; p++)
      for (int n = 0; n < N; n++) sums[p][n][0] = sums[p][n][1] = Vec{};
    for (int g = 0; g < m.groups; g++) {
      IVec dots[P][N][2];
#pragma GCC unroll 4
      for (int p = 0; p < P; p++)
#pragma GCC unroll 8
        for (int n = 0; n < N; n++)
          dots[p][n][0] = dots[p][n][1] = W::SIGNED ? broadcast(from.starts[place[n] + g]) : IVec{};
      for (int v = 0; v < GROUP / 4 / W::QUADS; v++) {
#pragma GCC unroll 4
        for (int p = 0; p < P; p++) {
          const uint8_t* at = w[p] + g * m.group_bytes + W::BEFORE + v * PANEL * 4;
          const IVec low = load(at), high = load(at + PANEL * 2);
#pragma GCC unroll 2
          for (int quad = 0; quad < W::QUADS; quad++) {
            const IVec lower = W::codes(low, quad), upper = W::codes(high, quad);
#pragma GCC unroll 8
            for (int n = 0; n < N; n++) {
              int32_t four;
              memcpy(&four, from.q.data() + (place[n] + g) * GROUP + (v * W::QUADS + quad) * 4, 4);
              dots[p][n][0] = dotted<W::SIGNED>(dots[p][n][0], lower, broadcast(four));
              dots[p][n][1] = dotted<W::SIGNED>(dots[p][n][1], upper, broadcast(four));
            }
          }
        }
      }
#pragma GCC unroll 4
      for (int p = 0; p < P; p++)
#pragma GCC unroll 8
        for (int n = 0; n < N; n++)
#pragma GCC unroll 2
          for (int half = 0; half < 2; half++)
            W::add(sums[p][n][half], __builtin_convertvector(dots[p][n][half], Vec) * from.scales[place[n] + g],
                   w[p] + g * m.group_bytes + half * LANES * 4, from.shifts[place[n] + g]);
    }
    memcpy(made, sums, sizeof(sums));
  }
};

template <class K, int P, int N, class Done>
INLINE void several(const Matrix& m, int panel, const Rows& rows, int row, const Done& done) {
  Vec made[P][N][2];
  K::template tile<P, N>(m, panel, rows, row, made);
  for (int p = 0; p < P; p++)
    for (int n = 0; n < N; n++) finish(m, rows, panel + p, row + n, made[p][n][0], made[p][n][1], done);
}

template <class K, int N, class Done>
void rows_at_once(const Matrix& m, int first, int last, const Rows& rows, int row, int n, const Done& done) {
  if constexpr (N > 0) {
    if (n < N) return rows_at_once<K, N - 1>(m, first, last, rows, row, n, done);
    constexpr int P = K::panels(N);
    int panel = first;
    for (; panel + P <= last; panel += P) several<K, P, N>(m, panel, rows, row, done);
    for (; panel < last; panel++) several<K, 1, N>(m, panel, rows, row, done);
  }
}

// The share of thread `t` of `threads` in  m times n rows: its panels for all rows, four panels at a time.
template <class K, class Done>
void product(const Matrix& m, const Rows& rows, int n, int t, int threads, const Done& done) {
  int first = int(int64_t(m.panels) * t / threads), last = int(int64_t(m.panels) * (t + 1) / threads);
  int blocks = (n + K::MOST_ROWS - 1) / K::MOST_ROWS;
  for (int panel = first; panel < last; panel += 4)
    for (int b = 0; b < blocks; b++) {
      int row = int(int64_t(n) * b / blocks), end = int(int64_t(n) * (b + 1) / blocks);
      rows_at_once<K, K::MOST_ROWS>(m, panel, panel + 4 < last ? panel + 4 : last, rows, row, end - row, done);
    }
}

template <class Done>
void multiply(const Matrix& m, const Rows& rows, int n, int t, int threads, const Done& done) {
  switch (m.format) {
    case FLOAT32: return product<InFloats<Float32>>(m, rows, n, t, threads, done);
    case BFLOAT16: return product<InFloats<BFloat16>>(m, rows, n, t, threads, done);
    case INT8: return product<InWholeNumbers<Int8>>(m, rows, n, t, threads, done);
    default: return product<InWholeNumbers<Int4>>(m, rows, n, t, threads, done);
  }
}
