// Products with int8 and int4 weights, as whole numbers.
#pragma once
#include "rows.h"

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
  static void tile(const Matrix& m, int panel, const Rows& rows, int row, const Share& share, Vec (*made)[N][2]) {
    const Rounded& from = *rows.rounded;
    const int lines = m.group_bytes / LINE, first = lines * share.part / share.parts;
    const int last = share.parts > 1 ? lines * (share.part + 1) / share.parts : first;
    const uint8_t* w[P];
    size_t place[N];  // of the first group of each row
    Vec sums[P][N][2];
    for (int p = 0; p < P; p++) w[p] = m.data + (panel + p) * m.panel_bytes;
    for (int n = 0; n < N; n++) place[n] = (rows.first + row + n) * from.groups;
    for (int p = 0; p < P; p++)
      for (int n = 0; n < N; n++) sums[p][n][0] = sums[p][n][1] = Vec{};
    for (int g = 0; g < m.groups; g++) {
      for (int p = 0; p < P; p++)
        for (int line = first; line < last; line++)
          __builtin_prefetch(w[p] + AT_ONCE * m.panel_bytes + g * m.group_bytes + line * LINE, 0, 2);
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
