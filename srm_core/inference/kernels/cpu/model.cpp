// One forward pass of a decoder over a ragged batch of tokens, in one parallel region.
//
// Tokens of several sequences, prompts and single new ones, stand side by side; each attends to the pages of its own
// sequence. The reference is reference.py, operation by operation.
#include <algorithm>
#include <atomic>
#include <omp.h>
#include <sched.h>
#include <utility>
#include <vector>

#include "alone.h"
#include "attention.h"
#include "experts.h"
#include "products.h"
#include "sampling.h"

#if defined(__x86_64__)
#define PAUSE() __builtin_ia32_pause()
#else
#define PAUSE()
#endif

// All threads of a region meet here; one that waits long gives its core away, so a busy machine slows us, no more.
struct Barrier {
  std::atomic<int> arrived{0};
  std::atomic<int> round{0};
  void wait(int threads) {
    if (threads == 1) return;
    int now = round.load(std::memory_order_relaxed);
    if (arrived.fetch_add(1, std::memory_order_acq_rel) == threads - 1) {
      arrived.store(0, std::memory_order_relaxed);
      round.store(now + 1, std::memory_order_release);
      return;
    }
    for (int spins = 0; round.load(std::memory_order_acquire) == now; spins++) {
      if (spins < 20000) PAUSE();
      else sched_yield();
    }
  }
};

enum Activation { SILU = 0, GELU_TANH = 1 };

struct Shape {
  int32_t layers, hidden, heads, kv_heads, head_width, inner, vocabulary, activation, most_tokens, per_slab;
  int32_t experts, active, normalized, shared;  // all 0 without a mixture of experts; `shared`: there is a shared one
  float epsilon, embedding_scale, attention_scale, clip, score_cap, logit_cap;
};

struct Layer {
  Matrix qkv, out, gate_up, down;  // with experts, the last two are the shared one, or absent
  Experts experts;
  std::vector<float> before_attention, before_mlp;                // weights of the norms
  std::vector<float> query, key, after_attention, after_mlp;      // these may be absent
  int window = 0;                                                 // 0: attends to everything before it
  int table = 0;                                                  // of angles
  bool rotates = true;
};

struct Model {
  Shape s;
  int width;  // of a head, padded
  std::vector<Layer> layers;
  Matrix head;
  std::vector<float> last_norm, cosine, sine;
  size_t positions = 0;  // of one table of angles
  const float* embedding = nullptr;
  size_t x_stride, qkv_stride, mix_stride, act_stride;
  size_t route_stride;
  std::vector<float> x, y, qkv, mix, act, last, route, gathered;
  Rounded rounded;            // the rows of the next product, if its weights are whole numbers
  std::vector<float> narrow;  // of the same rows, if an adapter stands beside the weights: (rows, narrow_stride)
  size_t narrow_stride = 0;
  Routes routes;
  Barrier barrier;

  explicit Model(const Shape& shape) : s(shape), width(padded(shape.head_width, BLOCK)), layers(shape.layers) {
    x_stride = padded(s.hidden, PANEL);
    qkv_stride = padded((s.heads + 2 * s.kv_heads) * s.head_width, PANEL);
    mix_stride = padded(s.heads * s.head_width, PANEL);
    act_stride = padded(s.inner, LANES) + PANEL;
    x.resize(s.most_tokens * x_stride);
    y.resize(s.most_tokens * x_stride);
    last.resize(s.most_tokens * x_stride);
    qkv.resize(s.most_tokens * qkv_stride);
    mix.resize(s.most_tokens * mix_stride);
    act.resize(s.most_tokens * act_stride * (s.active ? s.active : 1));
    rounded.reserve(s.most_tokens * (s.active ? s.active : 1), std::max({s.hidden, s.heads * s.head_width, s.inner}));
    if (s.experts == 0) return;
    route_stride = padded(s.experts + 1, PANEL);
    route.resize(s.most_tokens * route_stride);
    gathered.resize(s.most_tokens * x_stride * s.active);
    routes.resize(s.most_tokens, s.active);
  }

  // Row i is whole: make of it what the product with `next` needs. Rows of a product: each by one thread, then all meet.
  void ready(const Matrix& next, int i, const float* row) {
    if (next.whole()) rounded.take(i, row, next.inputs);
    if (next.beside.rank) next.beside.narrow(row, narrow.data() + i * narrow_stride);
  }

  Rows rows(const std::vector<float>& of, size_t stride, int first = 0) const {
    return {of.data() + first * stride, stride, &rounded, first, narrow.data(), narrow_stride};
  }
};

struct Batch {
  int32_t tokens, outputs, table_width;
  const int32_t *ids, *positions, *sequence, *tables, *output_rows;
  float* const* slabs;
  float* logits;
  int64_t logits_stride;
};

static void rms_norm(const float* x, const float* weight, float* y, int size, float epsilon) {
  Vec squares = {};
  int i = 0;
  float rest = 0;
  for (; i + LANES <= size; i += LANES) squares += load(x + i) * load(x + i);
  for (int j = i; j < size; j++) rest += x[j] * x[j];
  float scale = 1.0f / std::sqrt((sum(squares) + rest) / size + epsilon);
  for (i = 0; i + LANES <= size; i += LANES) store(y + i, load(x + i) * scale * load(weight + i));
  for (; i < size; i++) y[i] = x[i] * scale * weight[i];
}

// Rotary embedding of one head, halves paired (i, i + width / 2).
static void rotate(float* x, const float* cosine, const float* sine, int width) {
  for (int i = 0; i < width / 2; i++) {
    float a = x[i], b = x[i + width / 2];
    x[i] = a * cosine[i] - b * sine[i];
    x[i + width / 2] = b * cosine[i] + a * sine[i];
  }
}

// Rotate queries and keys of token i in place, and write its key and value to its page.
static void place(Model& m, const Layer& layer, int number, const Batch& b, const Pages& pages, int i) {
  const Shape& s = m.s;
  const int D = s.head_width, position = b.positions[i];
  float* qkv = m.qkv.data() + i * m.qkv_stride;
  const size_t angle = (layer.table * m.positions + position) * (D / 2);
  const float *cosine = m.cosine.data() + angle, *sine = m.sine.data() + angle;
  const bool wide = int(layer.query.size()) > D;  // one norm over all heads
  if (wide) {
    rms_norm(qkv, layer.query.data(), qkv, s.heads * D, s.epsilon);
    rms_norm(qkv + s.heads * D, layer.key.data(), qkv + s.heads * D, s.kv_heads * D, s.epsilon);
  }
  if (s.clip > 0)
    for (int d = 0; d < (s.heads + 2 * s.kv_heads) * D; d++) qkv[d] = fminf(fmaxf(qkv[d], -s.clip), s.clip);
  for (int h = 0; h < s.heads + s.kv_heads; h++) {
    float* x = qkv + h * D;
    const auto& norm = h < s.heads ? layer.query : layer.key;
    if (!norm.empty() && !wide) rms_norm(x, norm.data(), x, D, s.epsilon);
    if (layer.rotates) rotate(x, cosine, sine, D);
    if (h < s.heads)
      for (int d = 0; d < D; d++) x[d] *= s.attention_scale;
  }
  float* page = pages.page(b.tables[size_t(b.sequence[i]) * b.table_width + position / BLOCK], number);
  for (int h = 0; h < s.kv_heads; h++) {
    const float *key = qkv + (s.heads + h) * D, *value = qkv + (s.heads + s.kv_heads + h) * D;
    float* keys = pages.keys(page, h) + position % BLOCK;
    for (int d = 0; d < D; d++) keys[d * BLOCK] = key[d];
    memcpy(pages.values(page, h) + (position % BLOCK) * m.width, value, D * sizeof(float));
  }
}

static void attend_group(Model& m, const Layer& layer, int number, const Batch& b, const Pages& pages, int i, int head,
                         std::vector<float>& room) {
  const Shape& s = m.s;
  const int group = s.heads / s.kv_heads, D = s.head_width, last = b.positions[i], width = m.width;
  const int first = layer.window && last >= layer.window ? last - layer.window + 1 : 0;
  const int length = padded(last + 1, BLOCK) + BLOCK;
  room.resize(4 * size_t(length) + 8 * width);
  float *q = room.data() + 4 * size_t(length), *out = q + 4 * width;
  const int32_t* table = b.tables + size_t(b.sequence[i]) * b.table_width;
  for (int g = 0; g < group; g += 4) {
    const int count = group - g < 4 ? group - g : 4, h = head * group + g;
    const float* from = m.qkv.data() + i * m.qkv_stride + h * D;
    for (int c = 0; c < count; c++)
      for (int d = 0; d < width; d++) q[c * width + d] = d < D ? from[c * D + d] : 0.0f;
    switch (count) {
      case 1: attend<1>(q, pages, table, number, head, first, last, s.score_cap, out, room.data(), length); break;
      case 2: attend<2>(q, pages, table, number, head, first, last, s.score_cap, out, room.data(), length); break;
      case 3: attend<3>(q, pages, table, number, head, first, last, s.score_cap, out, room.data(), length); break;
      default: attend<4>(q, pages, table, number, head, first, last, s.score_cap, out, room.data(), length);
    }
    for (int c = 0; c < count; c++)
      memcpy(m.mix.data() + i * m.mix_stride + (h + c) * D, out + c * width, D * sizeof(float));
  }
}

static INLINE Vec activated(int kind, Vec x) {
  if (kind == SILU) return x * sigmoid(x);
  return x * sigmoid(1.5957691216f * (x + 0.044715f * x * x * x));  // 0.5 (1 + tanh(u)) = sigmoid(2 u)
}

// The share of thread t in the experts of a layer: m.y through each token's experts, and onto m.x.
template <class Meet>
static void mixture(Model& m, const Layer& layer, int tokens, int t, int threads, const Meet& meet) {
  const Shape& s = m.s;
  const Experts& experts = layer.experts;
  const int begin = int(int64_t(tokens) * t / threads), end = int(int64_t(tokens) * (t + 1) / threads), A = s.active;
  multiply(experts.router, m.rows(m.y, m.x_stride), tokens, t, threads, [&](int panel, int i, Vec low, Vec high) {
    float* to = m.route.data() + i * m.route_stride + panel * PANEL;
    store(to, low);
    store(to + LANES, high);
  });
  meet();
  for (int i = begin; i < end; i++)
    m.routes.choose(i, m.route.data() + i * m.route_stride, s.experts, A, s.normalized, s.shared);
  meet();
  if (t == 0) m.routes.place(tokens, s.experts, A);
  meet();
  for (int j = begin * A; j < end * A; j++) {
    const float* y = m.y.data() + j / A * m.x_stride;
    memcpy(m.gathered.data() + m.routes.row[j] * m.x_stride, y, s.hidden * sizeof(float));
    m.ready(experts.gate_up[0], m.routes.row[j], y);
  }
  meet();
  const std::vector<int>& starts = m.routes.starts;
  for (int e = 0; e < s.experts; e++) {
    float* act = m.act.data() + starts[e] * m.act_stride;
    multiply(experts.gate_up[e], m.rows(m.gathered, m.x_stride, starts[e]), starts[e + 1] - starts[e], t, threads,
             [&](int panel, int i, Vec gate, Vec up) {
               store(act + i * m.act_stride + panel * LANES, activated(s.activation, gate) * up);
             });
  }
  meet();
  if (experts.down[0].whole()) {
    for (int j = begin * A; j < end * A; j++) m.ready(experts.down[0], j, m.act.data() + j * m.act_stride);
    meet();
  }
  for (int e = 0; e < s.experts; e++) {
    float* made = m.gathered.data() + starts[e] * m.x_stride;
    multiply(experts.down[e], m.rows(m.act, m.act_stride, starts[e]), starts[e + 1] - starts[e], t, threads,
             [&](int panel, int i, Vec low, Vec high) {
               store(made + i * m.x_stride + panel * PANEL, low);
               store(made + i * m.x_stride + panel * PANEL + LANES, high);
             });
  }
  meet();
  for (int j = begin * A; j < end * A; j++) {
    const float *from = m.gathered.data() + m.routes.row[j] * m.x_stride, share = m.routes.share[j];
    float* x = m.x.data() + j / A * m.x_stride;
    for (int d = 0; d < s.hidden; d++) x[d] += from[d] * share;
  }
}

static void forward(Model& m, const Batch& b, int wanted) {
  const Shape& s = m.s;
  const Pages pages{b.slabs, s.per_slab, s.kv_heads, m.width};
  std::vector<std::atomic<int>> next(s.layers);
  for (auto& n : next) n.store(0);
#pragma omp parallel num_threads(wanted)
  {
    const int t = omp_get_thread_num(), threads = omp_get_num_threads();
    const int begin = int(int64_t(b.tokens) * t / threads), end = int(int64_t(b.tokens) * (t + 1) / threads);
    std::vector<float> room;
    auto meet = [&] { m.barrier.wait(threads); };
    auto x = [&](int i) { return m.x.data() + i * m.x_stride; };
    auto y = [&](int i) { return m.y.data() + i * m.x_stride; };
    auto made = [&](int i) { return m.last.data() + i * m.x_stride; };
    auto ready = [&](const Matrix& next, const std::vector<float>& rows, size_t stride) {  // of rows others wrote to
      if (!next.prepares()) return;
      for (int i = begin; i < end; i++) m.ready(next, i, rows.data() + i * stride);
      meet();
    };
    auto add_to_x = [&](const std::vector<float>& norm, int panel, int i, Vec low, Vec high) {
      float* to = (norm.empty() ? x(i) : made(i)) + panel * PANEL;  // with a norm after it, the rows must be whole first
      store(to, norm.empty() ? load(to) + low : low);
      store(to + LANES, norm.empty() ? load(to + LANES) + high : high);
    };
    auto add_normed = [&](const std::vector<float>& norm) {
      if (norm.empty()) return;
      for (int i = begin; i < end; i++) {
        rms_norm(made(i), norm.data(), made(i), s.hidden, s.epsilon);
        for (int d = 0; d < s.hidden; d++) x(i)[d] += made(i)[d];
      }
    };
    for (int i = begin; i < end; i++) {
      const float* from = m.embedding + size_t(b.ids[i]) * s.hidden;
      for (int d = 0; d < s.hidden; d++) x(i)[d] = from[d] * s.embedding_scale;
    }
    for (int number = 0; number < s.layers; number++) {
      const Layer& layer = m.layers[number];
      for (int i = begin; i < end; i++) {
        rms_norm(x(i), layer.before_attention.data(), y(i), s.hidden, s.epsilon);
        m.ready(layer.qkv, i, y(i));
      }
      meet();
      multiply(layer.qkv, m.rows(m.y, m.x_stride), b.tokens, t, threads, [&](int panel, int i, Vec low, Vec high) {
        float* to = m.qkv.data() + i * m.qkv_stride + panel * PANEL;
        store(to, low);
        store(to + LANES, high);
      });
      meet();
      for (int i = begin; i < end; i++) place(m, layer, number, b, pages, i);
      meet();
      for (int task; (task = next[number].fetch_add(1)) < b.tokens * s.kv_heads;)
        attend_group(m, layer, number, b, pages, task / s.kv_heads, task % s.kv_heads, room);
      meet();
      ready(layer.out, m.mix, m.mix_stride);
      multiply(layer.out, m.rows(m.mix, m.mix_stride), b.tokens, t, threads, [&](int panel, int i, Vec low, Vec high) {
        add_to_x(layer.after_attention, panel, i, low, high);
      });
      meet();
      add_normed(layer.after_attention);
      for (int i = begin; i < end; i++) rms_norm(x(i), layer.before_mlp.data(), y(i), s.hidden, s.epsilon);
      meet();
      const bool sparse = layer.experts.count() > 0;
      if (sparse) {
        mixture(m, layer, b.tokens, t, threads, meet);
        meet();
        if (layer.gate_up.data == nullptr) continue;
      }
      ready(layer.gate_up, m.y, m.x_stride);
      multiply(layer.gate_up, m.rows(m.y, m.x_stride), b.tokens, t, threads, [&](int panel, int i, Vec gate, Vec up) {
        store(m.act.data() + i * m.act_stride + panel * LANES, activated(s.activation, gate) * up);
      });
      meet();
      ready(layer.down, m.act, m.act_stride);
      multiply(layer.down, m.rows(m.act, m.act_stride), b.tokens, t, threads, [&](int panel, int i, Vec low, Vec high) {
        const Vec share = broadcast(sparse ? m.routes.shared_gate[i] : 1.0f);
        add_to_x(layer.after_mlp, panel, i, low * share, high * share);
      });
      meet();
      if (layer.after_mlp.empty()) continue;
      add_normed(layer.after_mlp);
      meet();
    }
    for (int o = t; o < b.outputs; o += threads) {
      rms_norm(x(b.output_rows[o]), m.last_norm.data(), made(o), s.hidden, s.epsilon);
      m.ready(m.head, o, made(o));
    }
    meet();
    multiply(m.head, m.rows(m.last, m.x_stride), b.outputs, t, threads, [&](int panel, int o, Vec low, Vec high) {
      float* to = b.logits + o * b.logits_stride + panel * PANEL;
      store(to, s.logit_cap > 0 ? capped(low, s.logit_cap) : low);
      store(to + LANES, s.logit_cap > 0 ? capped(high, s.logit_cap) : high);
    });
  }
}

extern "C" {

int32_t srm_lanes() { return LANES; }
int32_t srm_block() { return BLOCK; }
int32_t srm_panel() { return PANEL; }

void* srm_create(const Shape* shape) { return new Model(*shape); }
void srm_free(void* model) { delete static_cast<Model*>(model); }

enum Slot { QKV = 0, OUT = 1, GATE_UP = 2, DOWN = 3, HEAD = 4, ROUTER = 5 };

static Matrix& matrix_at(Model& m, int layer, int slot, int expert) {
  Layer& l = m.layers[slot == HEAD ? 0 : layer];
  if (expert >= 0) {
    l.experts.gate_up.resize(m.s.experts);
    l.experts.down.resize(m.s.experts);
    return slot == GATE_UP ? l.experts.gate_up[expert] : l.experts.down[expert];
  }
  switch (slot) {
    case QKV: return l.qkv;
    case OUT: return l.out;
    case GATE_UP: return l.gate_up;
    case DOWN: return l.down;
    case ROUTER: return l.experts.router;
    default: return m.head;
  }
}

// Pack the rows of `parts` one after the other, or (GATE_UP) LANES rows of each in turn. `bias` may be null; `expert` is
// the number of one, or -1 for what is no expert's.
void srm_matrix(void* model, int layer, int slot, int expert, int format, int count, const float* const* parts,
                const int32_t* rows, int inputs, const float* bias, int threads) {
  Matrix& to = matrix_at(*static_cast<Model*>(model), layer, slot, expert);
  int total = 0;
  for (int p = 0; p < count; p++) total += rows[p];
  if (slot == GATE_UP) total = 2 * padded(rows[0], LANES);
  if (to.data == nullptr || to.format != format || to.rows != total) to.reserve(format, total, inputs);
  const int most = slot == GATE_UP ? rows[0] : total;
#pragma omp parallel for num_threads(threads)
  for (int row = 0; row < most; row++) {
    if (slot == GATE_UP) {
      for (int p = 0; p < 2; p++)
        to.set_row(row / LANES * PANEL + p * LANES + row % LANES, parts[p] + size_t(row) * inputs);
      continue;
    }
    int p = 0, r = row;
    while (r >= rows[p]) r -= rows[p++];
    to.set_row(row, parts[p] + size_t(r) * inputs);
  }
  free(to.bias);
  to.bias = nullptr;
  if (bias) {
    to.bias = static_cast<float*>(calloc(to.panels * PANEL, sizeof(float)));
    memcpy(to.bias, bias, total * sizeof(float));
  }
}

// Put adapters beside a matrix, one for each part it is packed from: `downs` (rank, inputs), `ups` (rows, rank), scaled. A part
// of rank 0 has none; with all of rank 0 nothing stands beside it.
void srm_beside(void* model, int layer, int slot, int count, const float* const* downs, const float* const* ups,
                const int32_t* rows, const int32_t* ranks, int inputs) {
  Model& m = *static_cast<Model*>(model);
  Matrix& to = matrix_at(m, layer, slot, -1);
  to.beside.set(count, downs, ups, ranks, inputs, to.panels * PANEL, [&](int row) -> std::pair<int, int> {
    if (slot == GATE_UP) {
      const int part = row / LANES % 2, own = row / PANEL * LANES + row % LANES;
      return {own < rows[part] ? part : -1, own};
    }
    int part = 0;
    while (part < count && row >= rows[part]) row -= rows[part++];
    return {part < count ? part : -1, row};
  });
  if (size_t(to.beside.rank) <= m.narrow_stride) return;
  m.narrow_stride = to.beside.rank;
  m.narrow.resize(m.s.most_tokens * m.narrow_stride);
}

enum Norm { BEFORE_ATTENTION = 0, BEFORE_MLP = 1, QUERY = 2, KEY = 3, LAST = 4, AFTER_ATTENTION = 5, AFTER_MLP = 6 };

void srm_norm(void* model, int layer, int which, const float* weight, int size) {
  Model& m = *static_cast<Model*>(model);
  Layer& l = m.layers[which == LAST ? 0 : layer];
  auto& to = which == BEFORE_ATTENTION ? l.before_attention
             : which == BEFORE_MLP     ? l.before_mlp
             : which == QUERY          ? l.query
             : which == KEY            ? l.key
             : which == AFTER_ATTENTION ? l.after_attention
             : which == AFTER_MLP       ? l.after_mlp
                                        : m.last_norm;
  to.assign(weight, weight + size);
}

void srm_layer(void* model, int layer, int window, int rotates, int table) {
  Layer& l = static_cast<Model*>(model)->layers[layer];
  l.window = window, l.rotates = rotates, l.table = table;
}

void srm_tables(void* model, const float* embedding, const float* cosine, const float* sine, int positions,
                int tables) {
  Model& m = *static_cast<Model*>(model);
  m.embedding = embedding;
  m.positions = positions;
  m.cosine.assign(cosine, cosine + size_t(tables) * positions * (m.s.head_width / 2));
  m.sine.assign(sine, sine + size_t(tables) * positions * (m.s.head_width / 2));
}

void srm_forward(void* model, const Batch* batch, int threads) { forward(*static_cast<Model*>(model), *batch, threads); }

void srm_choose(const float* logits, int64_t stride, int rows, int size, const float* temperature, const float* top_p,
                const double* uniform, const int32_t* forced, int32_t* tokens, float* logprobs, int threads) {
#pragma omp parallel num_threads(threads)
  {
    std::vector<float> mass;
    std::vector<int> order;
#pragma omp for schedule(dynamic)
    for (int r = 0; r < rows; r++) {
      Choice c = choose(logits + r * stride, size, temperature[r], top_p[r], uniform[r], forced[r], mass, order);
      tokens[r] = c.token;
      logprobs[r] = c.logprob;
    }
  }
}
}
