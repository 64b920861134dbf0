// The rows of a product: what goes into it, and what is done with what comes out.
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

constexpr int LINE = 64;    // bytes of the cache
constexpr int AT_ONCE = 4;  // panels that all rows are multiplied with before the next ones

// Which of the blocks of rows this is: while it computes, its part of the panels after these comes nearer.
struct Share {
  int part, parts;
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
