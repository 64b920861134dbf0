// Rows of activations, rounded to int8 for products with int8 and int4 weights. The reference is rounding.py.
#pragma once
#include <vector>

#include "matrix.h"

// Inside each group of GROUP inputs  x = scale q,  q from -127 to 127. A row is rounded by itself.
struct Rounded {
  size_t groups = 0;  // of the widest row
  std::vector<int8_t> q;
  std::vector<float> scales, shifts;  // shift: scale times the sum of q, what the least values of int4 weights are times
  std::vector<int32_t> starts;        // what takes the OFFSET of int8 weights off again

  void reserve(size_t rows, int widest) {
    groups = padded(widest, GROUP) / GROUP;
    q.resize(rows * groups * GROUP);
    scales.resize(rows * groups);
    shifts.resize(rows * groups);
    starts.resize(rows * groups);
  }

  void take(int row, const float* x, int inputs) {
    for (int g = 0; g * GROUP < inputs; g++) {
      const size_t place = row * groups + g;
      const int count = inputs - g * GROUP < GROUP ? inputs - g * GROUP : GROUP;
      float given[GROUP] = {};
      memcpy(given, x + g * GROUP, count * sizeof(float));
      IVec most = {};  // as bits, which are in the order of the sizes; what is no number is above them all
      for (int k = 0; k < GROUP; k += LANES) {
        const IVec bits = load(reinterpret_cast<const uint8_t*>(given + k)) & 0x7fffffff;
        most = bits > most ? bits : most;
      }
      const int32_t bits = largest(most);
      float top;
      memcpy(&top, &bits, 4);
      const float inverse = top < 1e-30f ? 0.0f : 127.0f / top;
      IVec total = {};
      for (int k = 0; k < GROUP; k += LANES) {
        const IVec whole = nearest(load(given + k) * inverse);
        total += whole;
        *reinterpret_cast<ByteVec*>(q.data() + place * GROUP + k) = __builtin_convertvector(whole, ByteVec);
      }
      const int32_t all = sum(total);
      scales[place] = top < 1e-30f ? 0.0f : top / 127.0f;
      shifts[place] = scales[place] * all;
      starts[place] = -OFFSET * all;
    }
  }
};
