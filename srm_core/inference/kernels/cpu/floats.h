// Products with float32 and bfloat16 weights.
//
// A few rows are bound by reading the weights, and take a panel from its first input to its last. More rows take a piece of
// two panels, small enough for the nearest cache, one block of rows after the other, while the next piece comes nearer.
#pragma once
#include "rows.h"

struct Float32 {
  static constexpr int BYTES = 4;
  static INLINE Vec at(const uint8_t* p) { return load(reinterpret_cast<const float*>(p)); }
  static const uint8_t* widened(const uint8_t* piece, int, float*) { return piece; }
};

struct BFloat16 {
  static constexpr int BYTES = 2;
  static INLINE Vec at(const uint8_t* p) {
    IVec wide = __builtin_convertvector(*reinterpret_cast<const HalfVec*>(p), IVec) << 16;
    return reinterpret_cast<Vec&>(wide);
  }
  // Widened once for many rows: on most machines that takes the very units that multiply.
  static const uint8_t* widened(const uint8_t* piece, int inputs, float* room) {
    for (int i = 0; i < inputs * PANEL; i += LANES) store(room + i, at(piece + i * BYTES));
    return reinterpret_cast<const uint8_t*>(room);
  }
};

// P panels times N rows, the lower and the upper output rows of each panel; accumulators stay in registers.
template <class W>
struct InFloats {
  static constexpr int MOST_ROWS = ACCUMULATORS / 4;
  static constexpr int HALF = LANES * W::BYTES, WIDTH = 2 * HALF;  // bytes of an input's weights in a panel
  static constexpr int panels(int rows) { return rows * 8 <= ACCUMULATORS ? 4 : 2; }

  template <int P, int N>
  static INLINE void add(const uint8_t* const* w, const float* from, size_t stride, int k, Vec (*sums)[N][2]) {
#pragma GCC unroll 4
    for (int p = 0; p < P; p++) {
      const uint8_t* at = w[p] + size_t(k) * WIDTH;
      const Vec low = W::at(at), high = W::at(at + HALF);
#pragma GCC unroll 8
      for (int n = 0; n < N; n++) {
        const Vec input = broadcast(from[n * stride + k]);
        sums[p][n][0] += low * input;
        sums[p][n][1] += high * input;
      }
    }
  }

  // Add `inputs` products to sums that stood in memory, which changes none of them. `ahead` is where each panel goes on:
  // `lines` of the cache come nearer every four inputs.
  template <int P, int N>
  static INLINE void piece(const uint8_t* const* w, const float* from, size_t stride, int inputs,
                           const uint8_t* const* ahead, int lines, Vec (*made)[N][2]) {
    Vec sums[P][N][2];
#pragma GCC unroll 4
    for (int p = 0; p < P; p++)
#pragma GCC unroll 8
      for (int n = 0; n < N; n++) sums[p][n][0] = made[p][n][0], sums[p][n][1] = made[p][n][1];
    int k = 0;
    for (size_t at = 0; lines > 0 && k + 4 <= inputs; k += 4) {
      for (int line = 0; line < lines; line++, at += LINE)
        for (int p = 0; p < P; p++) __builtin_prefetch(ahead[p] + at, 0, 2);
#pragma GCC unroll 4
      for (int i = 0; i < 4; i++) add<P, N>(w, from, stride, k + i, sums);
    }
    for (; k < inputs; k++) add<P, N>(w, from, stride, k, sums);
#pragma GCC unroll 4
    for (int p = 0; p < P; p++)
#pragma GCC unroll 8
      for (int n = 0; n < N; n++) made[p][n][0] = sums[p][n][0], made[p][n][1] = sums[p][n][1];
  }

  template <int P, int N>
  static void tile(const Matrix& m, int panel, const Rows& rows, int row, const Share&, Vec (*made)[N][2]) {
    const uint8_t* w[P];
    for (int p = 0; p < P; p++) {
      w[p] = m.data + (panel + p) * m.panel_bytes;
      for (int n = 0; n < N; n++) made[p][n][0] = made[p][n][1] = Vec{};
    }
    piece<P, N>(w, rows.x + row * rows.stride, rows.stride, m.inputs, nullptr, 0, made);
  }

  static constexpr int PIECE = 96;  // inputs: two panels of them take 24 kB with the widest vectors
  static constexpr int TOGETHER = 96, BLOCKS = (TOGETHER + MOST_ROWS - 1) / MOST_ROWS;  // rows whose inputs stay near

  template <int N>
  static void block(int rows, int panels, const uint8_t* const* w, const float* from, size_t stride, int inputs,
                    const uint8_t* const* ahead, int lines, Vec* made) {
    if constexpr (N > 0) {
      if (rows < N) return block<N - 1>(rows, panels, w, from, stride, inputs, ahead, lines, made);
      const auto to = reinterpret_cast<Vec(*)[N][2]>(made);
      if (panels == 2) return piece<2, N>(w, from, stride, inputs, ahead, lines, to);
      piece<1, N>(w, from, stride, inputs, ahead, lines, to);
    }
  }

  // One or two panels from `panel` on times at most TOGETHER rows, piece by piece.
  template <class Done>
  static void pieces(const Matrix& m, int panel, int panels, const Rows& rows, int row, int n, const Done& done) {
    using Wide = InFloats<Float32>;
    alignas(LINE) Vec made[BLOCKS][2 * MOST_ROWS * 2] = {};
    alignas(LINE) float room[2][PIECE * PANEL];
    const int blocks = (n + MOST_ROWS - 1) / MOST_ROWS, count = (m.inputs + PIECE - 1) / PIECE;
    const int lines = (4 * WIDTH / LINE + blocks - 1) / blocks;
    for (int c = 0; c < count; c++) {
      const int k = m.inputs * c / count, inputs = m.inputs * (c + 1) / count - k;
      const uint8_t *w[2] = {}, *next[2], *ahead[2];
      for (int p = 0; p < 2; p++) {
        const uint8_t *from = m.data + (panel + p) * m.panel_bytes, *at = from + size_t(k) * WIDTH;
        if (p < panels) w[p] = W::widened(at, inputs, room[p]);
        next[p] = c + 1 < count ? at + size_t(inputs) * WIDTH : from + 2 * m.panel_bytes;
      }
      for (int b = 0; b < blocks; b++) {
        const int first = n * b / blocks, rows_here = n * (b + 1) / blocks - first;
        for (int p = 0; p < 2; p++) ahead[p] = next[p] + size_t(inputs) * WIDTH * b / blocks / LINE * LINE;
        const float* x = rows.x + (row + first) * rows.stride + k;
        Wide::template block<MOST_ROWS>(rows_here, panels, w, x, rows.stride, inputs, ahead, lines, made[b]);
      }
    }
    for (int b = 0; b < blocks; b++) {
      const int first = n * b / blocks, rows_here = n * (b + 1) / blocks - first;
      for (int p = 0; p < panels; p++)
        for (int i = 0; i < rows_here; i++) {
          const Vec* sums = made[b] + (p * rows_here + i) * 2;
          finish(m, rows, panel + p, row + first + i, sums[0], sums[1], done);
        }
    }
  }
};
