// A mixture of experts: which experts a token goes through, the tokens of each expert side by side, and back again.
// The reference is mixture.py.
//
// A token's result is a sum over its own experts in the order of its shares, whatever tokens stand beside it.
#pragma once
#include <vector>

#include "products.h"

struct Experts {
  Matrix router;  // one row an expert; with a shared expert one more, its gate
  std::vector<Matrix> gate_up, down;
  int count() const { return int(gate_up.size()); }
};

// Where the tokens of one pass go: token i takes places i * active .. of `expert`, `share` and `row`; `row` is its place
// among the gathered rows, those of expert e from starts[e] to starts[e + 1].
struct Routes {
  std::vector<int> expert, row, starts, filled;
  std::vector<float> share, shared_gate;

  void resize(int tokens, int active) {
    expert.resize(size_t(tokens) * active);
    row.resize(size_t(tokens) * active);
    share.resize(size_t(tokens) * active);
    shared_gate.resize(tokens);
  }

  // The `active` likeliest experts of token i by softmax over `count` logits; of equal ones the first. Then the gate.
  void choose(int i, const float* logits, int count, int active, bool normalized, bool shared) {
    int* chosen = expert.data() + size_t(i) * active;
    float* shares = share.data() + size_t(i) * active;
    float most = logits[0], all = 0, kept = 0;
    for (int e = 1; e < count; e++) most = fmaxf(most, logits[e]);
    for (int e = 0; e < count; e++) all += expf(logits[e] - most);
    for (int a = 0; a < active; a++) {
      int best = -1;
      for (int e = 0; e < count; e++) {
        bool taken = false;
        for (int before = 0; before < a; before++) taken = taken || chosen[before] == e;
        if (!taken && (best < 0 || logits[e] > logits[best])) best = e;
      }
      chosen[a] = best;
      shares[a] = expf(logits[best] - most) / all;
      kept += shares[a];
    }
    if (normalized)
      for (int a = 0; a < active; a++) shares[a] /= kept;
    if (shared) shared_gate[i] = 1.0f / (1.0f + expf(-logits[count]));
  }

  // Give every chosen expert of every token its row. One thread calls it.
  void place(int tokens, int count, int active) {
    starts.assign(count + 1, 0);
    for (int j = 0; j < tokens * active; j++) starts[expert[j] + 1]++;
    for (int e = 0; e < count; e++) starts[e + 1] += starts[e];
    filled.assign(starts.begin(), starts.end() - 1);
    for (int j = 0; j < tokens * active; j++) row[j] = filled[expert[j]]++;
  }
};
