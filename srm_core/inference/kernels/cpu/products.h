// Products of a weight matrix with a batch of rows.
//
// No output needs a horizontal sum, and all read one contiguous stream. Every output is one chain of fused multiply-adds in
// the order of the inputs (float32, bfloat16) or of their groups (int8, int4; inside a group the sum is a whole number and
// exact), whatever the number of rows: a row's result does not depend on the rows beside it, bit for bit.
#pragma once
#include "floats.h"
#include "whole.h"

template <class K, int P, int N, class Done>
INLINE void several(const Matrix& m, int panel, const Rows& rows, int row, const Share& share, const Done& done) {
  alignas(LINE) Vec made[P][N][2];
  K::template tile<P, N>(m, panel, rows, row, share, made);
  for (int p = 0; p < P; p++)
    for (int n = 0; n < N; n++) finish(m, rows, panel + p, row + n, made[p][n][0], made[p][n][1], done);
}

template <class K, int N, class Done>
void rows_at_once(const Matrix& m, int first, int last, const Rows& rows, int row, int n, const Share& share,
                  const Done& done) {
  if constexpr (N > 0) {
    if (n < N) return rows_at_once<K, N - 1>(m, first, last, rows, row, n, share, done);
    constexpr int P = K::panels(N);
    int panel = first;
    for (; panel + P <= last; panel += P) several<K, P, N>(m, panel, rows, row, share, done);
    for (; panel < last; panel++) several<K, 1, N>(m, panel, rows, row, share, done);
  }
}

// The share of thread `t` of `threads` in  m times n rows: its panels for all rows, a few panels at a time.
template <class K, class Done>
void product(const Matrix& m, const Rows& rows, int n, int t, int threads, const Done& done) {
  int first = int(int64_t(m.panels) * t / threads), last = int(int64_t(m.panels) * (t + 1) / threads);
  int blocks = (n + K::MOST_ROWS - 1) / K::MOST_ROWS;
  for (int panel = first; panel < last; panel += AT_ONCE)
    for (int b = 0; b < blocks; b++) {
      const int row = int(int64_t(n) * b / blocks), end = int(int64_t(n) * (b + 1) / blocks);
      const int after = panel + AT_ONCE < last ? panel + AT_ONCE : last;
      rows_at_once<K, K::MOST_ROWS>(m, panel, after, rows, row, end - row, Share{b, blocks}, done);
    }
}

// The same for more rows than a tile holds: a part of the rows after the other, two panels at a time.
template <class W, class Done>
void product_of_many(const Matrix& m, const Rows& rows, int n, int t, int threads, const Done& done) {
  if (n <= W::MOST_ROWS) return product<W>(m, rows, n, t, threads, done);
  const int first = int(int64_t(m.panels) * t / threads), last = int(int64_t(m.panels) * (t + 1) / threads);
  const int parts = (n + W::TOGETHER - 1) / W::TOGETHER;
  for (int part = 0; part < parts; part++) {
    const int row = int(int64_t(n) * part / parts), end = int(int64_t(n) * (part + 1) / parts);
    for (int panel = first; panel < last; panel += 2)
      W::pieces(m, panel, panel + 2 <= last ? 2 : 1, rows, row, end - row, done);
  }
}

template <class Done>
void multiply(const Matrix& m, const Rows& rows, int n, int t, int threads, const Done& done) {
  switch (m.format) {
    case FLOAT32: return product_of_many<InFloats<Float32>>(m, rows, n, t, threads, done);
    case BFLOAT16: return product_of_many<InFloats<BFloat16>>(m, rows, n, t, threads, done);
    case INT8: return product<InWholeNumbers<Int8>>(m, rows, n, t, threads, done);
    default: return product<InWholeNumbers<Int4>>(m, rows, n, t, threads, done);
  }
}
