// Low-rank adapters beside a matrix: up (down x) comes to what the matrix makes of x, both in float32.
//
// For weights that are rounded: what was learned is less than a step of theirs and would be lost in them.
#pragma once
#include <vector>

#include "vectors.h"

inline float dot(const float* a, const float* b, int size) {
  Vec sums[4] = {};
  int i = 0;
  for (; i + 4 * LANES <= size; i += 4 * LANES)
    for (int v = 0; v < 4; v++) sums[v] += load(a + i + v * LANES) * load(b + i + v * LANES);
  float rest = 0;
  for (; i < size; i++) rest += a[i] * b[i];
  return sum((sums[0] + sums[1]) + (sums[2] + sums[3])) + rest;
}

// The adapters of the parts that a matrix is packed from. Nothing, where `strips` is empty.
struct Beside {
  struct Strip {  // LANES rows of the matrix: the ranks that come to them, and where their weights begin
    int first, count;
    size_t at;
  };
  int rank = 0, inputs = 0;  // rank: of all parts together
  std::vector<float> down;   // (rank, inputs)
  std::vector<float> up;     // strip by strip, for each of its ranks LANES weights
  std::vector<Strip> strips;

  // `part_of(row)` gives the part of a row of the matrix and the row there, or -1. A part without an adapter has rank 0.
  template <class PartOf>
  void set(int count, const float* const* downs, const float* const* ups, const int32_t* ranks, int inputs_, int rows,
           const PartOf& part_of) {
    std::vector<int> starts(count + 1, 0);
    for (int p = 0; p < count; p++) starts[p + 1] = starts[p] + ranks[p];
    rank = starts[count], inputs = inputs_;
    down.clear(), up.clear(), strips.clear();
    if (rank == 0) return;
    for (int p = 0; p < count; p++)
      if (ranks[p]) down.insert(down.end(), downs[p], downs[p] + size_t(ranks[p]) * inputs);
    for (int row = 0; row < rows; row += LANES) {
      int first = rank, last = 0;
      for (int lane = 0; lane < LANES; lane++) {
        const auto [part, _] = part_of(row + lane);
        if (part < 0 || ranks[part] == 0) continue;
        if (starts[part] < first) first = starts[part];
        if (starts[part + 1] > last) last = starts[part + 1];
      }
      const int ranks_here = last > first ? last - first : 0;
      strips.push_back({first, ranks_here, up.size()});
      up.resize(up.size() + size_t(ranks_here) * LANES, 0.0f);
      for (int lane = 0; lane < LANES; lane++) {
        const auto [part, own] = part_of(row + lane);
        if (part < 0) continue;
        for (int r = 0; r < ranks[part]; r++)
          up[strips.back().at + size_t(starts[part] + r - first) * LANES + lane] = ups[part][size_t(own) * ranks[part] + r];
      }
    }
  }

  // y (rank) = down x
  void narrow(const float* x, float* y) const {
    for (int r = 0; r < rank; r++) y[r] = dot(down.data() + size_t(r) * inputs, x, inputs);
  }

  INLINE Vec widened(int strip, const float* y) const {
    const Strip& s = strips[strip];
    const float* weights = up.data() + s.at;
    Vec made = {};
    for (int r = 0; r < s.count; r++) made += load(weights + r * LANES) * broadcast(y[s.first + r]);
    return made;
  }
};
