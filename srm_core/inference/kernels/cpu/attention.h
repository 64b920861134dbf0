// Attention of one token over the pages of its sequence.
//
// A page holds BLOCK positions of one layer: keys as [kv head][width][BLOCK], so that a block's scores need no
// horizontal sums, then values as [kv head][BLOCK][width]. The width of a head is padded to a multiple of BLOCK.
#pragma once
#include "vectors.h"

constexpr int BLOCK = 16;

struct Pages {
  float* const* slabs;  // a slab holds `per_slab` pages of every layer
  int per_slab, kv_heads, width;
  size_t page_floats() const { return size_t(2) * kv_heads * width * BLOCK; }
  float* page(int number, int layer) const {
    return slabs[number / per_slab] + (size_t(layer) * per_slab + number % per_slab) * page_floats();
  }
  float* keys(float* page, int head) const { return page + size_t(head) * width * BLOCK; }
  float* values(float* page, int head) const { return page + (size_t(kv_heads) + head) * width * BLOCK; }
};

// G query heads (G x width, already scaled) over positions first..last; `scores` has room for G rows of `room` floats.
template <int G>
void attend(const float* q, const Pages& pages, const int32_t* table, int layer, int head, int first, int last,
            float cap, float* out, float* scores, int room) {
  constexpr int PARTS = BLOCK / LANES;
  const int width = pages.width, begin = first / BLOCK;
  Vec most[G];
  for (int g = 0; g < G; g++) most[g] = broadcast(-INFINITY);
  for (int block = begin; block <= last / BLOCK; block++) {
    const float* keys = pages.keys(pages.page(table[block], layer), head);
    Vec s[G][PARTS] = {};
    for (int d = 0; d < width; d++)
      for (int part = 0; part < PARTS; part++) {
        Vec key = load(keys + d * BLOCK + part * LANES);
        for (int g = 0; g < G; g++) s[g][part] += key * q[g * width + d];
      }
    for (int g = 0; g < G; g++)
      for (int part = 0; part < PARTS; part++) {
        int position = block * BLOCK + part * LANES;
        if (cap > 0) s[g][part] = capped(s[g][part], cap);
        if (position < first || position + LANES - 1 > last)
          for (int i = 0; i < LANES; i++)
            if (position + i < first || position + i > last) s[g][part][i] = -INFINITY;
        store(scores + size_t(g) * room + (block - begin) * BLOCK + part * LANES, s[g][part]);
        most[g] = larger(most[g], s[g][part]);
      }
  }
  const int length = (last / BLOCK - begin + 1) * BLOCK;
  float share[G];
  for (int g = 0; g < G; g++) {
    float top = largest(most[g]);
    Vec total = {};
    for (int i = 0; i < length; i += LANES) {
      float* at = scores + size_t(g) * room + i;
      Vec s = load(at), e = exponential(s - top);
      e = s == -INFINITY ? Vec{} : e;
      store(at, e);
      total += e;
    }
    share[g] = 1.0f / sum(total);
  }
  constexpr int CHUNK = 64 / LANES < 4 ? 4 : 64 / LANES;
  for (int d = 0; d < width; d += CHUNK * LANES) {
    const int parts = (width - d) / LANES < CHUNK ? (width - d) / LANES : CHUNK;
    Vec o[G][CHUNK] = {};
    for (int block = begin; block <= last / BLOCK; block++) {
      const float* values = pages.values(pages.page(table[block], layer), head) + d;
      const float* weight = scores + (block - begin) * BLOCK;
      int from = block * BLOCK < first ? first - block * BLOCK : 0;
      int to = (block + 1) * BLOCK - 1 > last ? last - block * BLOCK : BLOCK - 1;
      if (parts == CHUNK) {
        for (int i = from; i <= to; i++)
          for (int part = 0; part < CHUNK; part++) {
            Vec value = load(values + i * width + part * LANES);
            for (int g = 0; g < G; g++) o[g][part] += value * weight[size_t(g) * room + i];
          }
      } else {
        for (int i = from; i <= to; i++)
          for (int part = 0; part < parts; part++) {
            Vec value = load(values + i * width + part * LANES);
            for (int g = 0; g < G; g++) o[g][part] += value * weight[size_t(g) * room + i];
          }
      }
    }
    for (int g = 0; g < G; g++)
      for (int part = 0; part < parts; part++) store(out + g * width + d + part * LANES, o[g][part] * share[g]);
  }
}
