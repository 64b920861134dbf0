// One matrix by itself, for tests and measurements of the products alone.
#pragma once
#include "products.h"

extern "C" {

void* srm_alone(int format, const float* weights, int rows, int inputs) {
  Matrix* m = new Matrix;
  m->reserve(format, rows, inputs);
  for (int row = 0; row < rows; row++) m->set_row(row, weights + size_t(row) * inputs);
  return m;
}

void srm_alone_free(void* matrix) { delete static_cast<Matrix*>(matrix); }

// y (n, rows of the matrix) = x (n, inputs) times the matrix, on one thread.
void srm_alone_times(const void* matrix, const float* x, int n, float* y) {
  const Matrix& m = *static_cast<const Matrix*>(matrix);
  Rounded rounded;
  if (m.whole()) {
    rounded.reserve(n, m.inputs);
    for (int i = 0; i < n; i++) rounded.take(i, x + size_t(i) * m.inputs, m.inputs);
  }
  multiply(m, {x, size_t(m.inputs), &rounded, 0}, n, 0, 1, [&](int panel, int i, Vec low, Vec high) {
    float* to = y + size_t(i) * m.rows + panel * PANEL;
    const int count = m.rows - panel * PANEL;
    if (count >= PANEL) {
      store(to, low);
      store(to + LANES, high);
    } else {
      for (int lane = 0; lane < count; lane++) to[lane] = lane < LANES ? low[lane] : high[lane - LANES];
    }
  });
}
}
