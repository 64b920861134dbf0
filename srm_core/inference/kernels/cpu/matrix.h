// Weight matrices in panels, and their product with a batch of rows.
//
// A panel holds PANEL output rows; inside it the weights of one input stand side by side, so the product needs no
// horizontal sums and reads one contiguous stream. Every output is one chain of fused multiply-adds over the inputs in
// order, whatever the number of rows: a row's result does not depend on the rows beside it, bit for bit.
#pragma once
#include <cstdlib>
#include <sys/mman.h>

#include "vectors.h"

constexpr int PANEL = 2 * LANES;

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

struct Int8 {  // times a scale for each output row
  static constexpr int BYTES = 1;
  static INLINE Vec at(const uint8_t* p) { return widened(p); }
};

enum Format { FLOAT32 = 0, BFLOAT16 = 1, INT8 = 2 };

inline uint16_t to_bfloat16(float f) {  // round to nearest, ties to even
  uint32_t u;
  memcpy(&u, &f, 4);
  return (u + 0x7fff + ((u >> 16) & 1)) >> 16;
}

struct Matrix {
  int format = FLOAT32, rows = 0, inputs = 0, panels = 0;
  size_t panel_bytes = 0, reserved = 0;
  uint8_t* data = nullptr;
  float* scales = nullptr;  // Int8 only
  float* bias = nullptr;

  ~Matrix() { release(); }

  void release() {
    free(data);
    free(scales);
    free(bias);
    data = nullptr;
    scales = bias = nullptr;
  }

  void reserve(int format_, int rows_, int inputs_) {
    release();
    format = format_, rows = rows_, inputs = inputs_;
    panels = padded(rows, PANEL) / PANEL;
    panel_bytes = size_t(inputs) * PANEL * (format == FLOAT32 ? 4 : format == BFLOAT16 ? 2 : 1);
    constexpr size_t HUGE_PAGE = 2 << 20;
    const size_t unit = panels * panel_bytes < HUGE_PAGE ? 64 : HUGE_PAGE;  // a small expert takes no more than its own
    reserved = (panels * panel_bytes + unit - 1) / unit * unit;
    data = static_cast<uint8_t*>(aligned_alloc(unit, reserved));
#ifdef MADV_HUGEPAGE
    if (unit == HUGE_PAGE) madvise(data, reserved, MADV_HUGEPAGE);
#endif
    memset(data, 0, reserved);
    if (format == INT8) scales = static_cast<float*>(calloc(panels * PANEL, 4));
  }

  // Write output row `row` from `weights` (`inputs` floats). Int8: symmetric, one scale a row.
  void set_row(int row, const float* weights) {
    uint8_t* panel = data + (row / PANEL) * panel_bytes;
    int lane = row % PANEL;
    if (format == FLOAT32) {
      float* to = reinterpret_cast<float*>(panel) + lane;
      for (int k = 0; k < inputs; k++) to[size_t(k) * PANEL] = weights[k];
    } else if (format == BFLOAT16) {
      uint16_t* to = reinterpret_cast<uint16_t*>(panel) + lane;
      for (int k = 0; k < inputs; k++) to[size_t(k) * PANEL] = to_bfloat16(weights[k]);
    } else {
      float most = 0;
      for (int k = 0; k < inputs; k++) most = fmaxf(most, fabsf(weights[k]));
      float scale = most > 0 ? most / 127.0f : 1.0f;
      int8_t* to = reinterpret_cast<int8_t*>(panel) + lane;
      for (int k = 0; k < inputs; k++) to[size_t(k) * PANEL] = int8_t(lrintf(weights[k] / scale));
      scales[row] = scale;
    }
  }
};

// P panels times N rows of x: accumulators stay in registers. `done(panel, row, low, high)` takes the results.
template <class W, int P, int N, class Done>
INLINE void tile(const Matrix& m, int panel, const float* x, size_t stride, int row, const Done& done) {
  Vec sums[P][N][2];
  const uint8_t* w[P];
  for (int p = 0; p < P; p++) w[p] = m.data + (panel + p) * m.panel_bytes;
  for (int p = 0; p < P; p++)
    for (int n = 0; n < N; n++) sums[p][n][0] = sums[p][n][1] = Vec{};
  const float* from = x + row * stride;
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
  for (int p = 0; p < P; p++)
    for (int n = 0; n < N; n++) {
      Vec low = sums[p][n][0], high = sums[p][n][1];
      if (m.scales) {
        low *= load(m.scales + (panel + p) * PANEL);
        high *= load(m.scales + (panel + p) * PANEL + LANES);
      }
      if (m.bias) {
        low += load(m.bias + (panel + p) * PANEL);
        high += load(m.bias + (panel + p) * PANEL + LANES);
      }
      done(panel + p, row + n, low, high);
    }
}

constexpr int MOST_ROWS = ACCUMULATORS / 2;
constexpr int panels_at_once(int rows) { return rows * 8 <= ACCUMULATORS ? 4 : rows * 4 <= ACCUMULATORS ? 2 : 1; }

template <class W, int N, class Done>
void rows_at_once(const Matrix& m, int first, int last, const float* x, size_t stride, int row, int n, const Done& done) {
  if constexpr (N > 0) {
    if (n < N) return rows_at_once<W, N - 1>(m, first, last, x, stride, row, n, done);
    constexpr int P = panels_at_once(N);
    int panel = first;
    for (; panel + P <= last; panel += P) tile<W, P, N>(m, panel, x, stride, row, done);
    for (; panel < last; panel++) tile<W, 1, N>(m, panel, x, stride, row, done);
  }
}

// The share of thread `t` of `threads` in  m times x: its panels for all n rows, four panels at a time.
template <class W, class Done>
void product(const Matrix& m, const float* x, size_t stride, int n, int t, int threads, const Done& done) {
  int first = int(int64_t(m.panels) * t / threads), last = int(int64_t(m.panels) * (t + 1) / threads);
  int blocks = (n + MOST_ROWS - 1) / MOST_ROWS;
  for (int panel = first; panel < last; panel += 4)
    for (int b = 0; b < blocks; b++) {
      int row = int(int64_t(n) * b / blocks), end = int(int64_t(n) * (b + 1) / blocks);
      rows_at_once<W, MOST_ROWS>(m, panel, panel + 4 < last ? panel + 4 : last, x, stride, row, end - row, done);
    }
}

template <class Done>
void multiply(const Matrix& m, const float* x, size_t stride, int n, int t, int threads, const Done& done) {
  switch (m.format) {
    case FLOAT32: return product<Float32>(m, x, stride, n, t, threads, done);
    case BFLOAT16: return product<BFloat16>(m, x, stride, n, t, threads, done);
    default: return product<Int8>(m, x, stride, n, t, threads, done);
  }
}
