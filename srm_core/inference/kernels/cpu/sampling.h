// The next token of a row: forced, the most probable, or drawn by inverse cumulative probability.
#pragma once
#include <algorithm>
#include <vector>

#include "vectors.h"

struct Choice {
  int32_t token;
  float logprob;
};

// `temperature` 0 takes the most probable (the first of equals); `uniform` in [0, 1) decides a draw.
// The log-probability (nats) is that of the token under softmax(logits / temperature).
inline Choice choose(const float* logits, int size, float temperature, float top_p, double uniform, int forced,
                     std::vector<float>& mass, std::vector<int>& order) {
  mass.resize(padded(size, LANES));
  const float scale = temperature > 0 ? 1.0f / temperature : 1.0f;
  float most = -INFINITY;
  int best = 0;
  Vec top = broadcast(-INFINITY);
  int i = 0;
  for (; i + LANES <= size; i += LANES) top = larger(top, load(logits + i));
  most = largest(top);
  for (; i < size; i++) most = logits[i] > most ? logits[i] : most;
  while (logits[best] != most && best < size - 1) best++;
  double total = 0;
  for (i = 0; i < size; i += LANES) {
    Vec e;
    if (i + LANES <= size) {
      e = exponential((load(logits + i) - most) * scale);
    } else {
      e = Vec{};
      for (int j = i; j < size; j++) e[j - i] = std::exp((logits[j] - most) * scale);
    }
    store(mass.data() + i, e);
    total += sum(e);
  }
  auto chosen = [&](int token) {
    return Choice{token, (logits[token] - most) * scale - float(std::log(total))};
  };
  if (forced >= 0) return chosen(forced);
  if (temperature <= 0) return chosen(best);
  if (top_p >= 1) {
    double wanted = uniform * total, reached = 0;
    for (i = 0; i < size; i += LANES) {
      double part = sum(load(mass.data() + i));
      if (reached + part > wanted || i + LANES >= size) {
        for (int j = i; j < std::min(i + LANES, size); j++) {
          reached += mass[j];
          if (reached > wanted) return chosen(j);
        }
        if (i + LANES >= size) break;
      } else {
        reached += part;
      }
    }
    for (int j = size - 1; j >= 0; j--)  // rounding left the draw beyond the last token
      if (mass[j] > 0) return chosen(j);
    return chosen(best);
  }
  order.resize(size);
  for (int j = 0; j < size; j++) order[j] = j;
  auto before = [&](int a, int b) { return mass[a] > mass[b] || (mass[a] == mass[b] && a < b); };
  double inside = 0;
  int kept = 0, sorted = 0;
  while (kept < size && inside < double(top_p) * total) {  // the smallest set that reaches top_p
    if (kept == sorted) {
      int next = std::min(size, sorted ? sorted * 8 : 64);
      std::partial_sort(order.begin() + sorted, order.begin() + next, order.end(), before);
      sorted = next;
    }
    inside += mass[order[kept++]];
  }
  double wanted = uniform * inside, reached = 0;
  for (int j = 0; j < kept; j++) {
    reached += mass[order[j]];
    if (reached > wanted) return chosen(order[j]);
  }
  return chosen(order[kept - 1]);
}
