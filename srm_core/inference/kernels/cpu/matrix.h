// Weight matrices in panels of PANEL output rows.
//
// float32 and bfloat16: the weights of one input stand side by side, row by row.
// int8 and int4: the inputs are cut into groups of GROUP. A group is vectors of LANES rows times four inputs each, for the
// lower and the upper rows of the panel in turn; a vector of int4 holds the four inputs after them in its upper halves.
// Before an int4 group stand the step and the least value of each row, bfloat16 both.
#pragma once
#include <cstdlib>
#include <sys/mman.h>

#include "beside.h"
#include "dots.h"
#include "int4.h"

constexpr int PANEL = 2 * LANES;
constexpr int GROUP = 32;

enum Format { FLOAT32 = 0, BFLOAT16 = 1, INT8 = 2, INT4 = 3 };

struct Matrix {
  int format = FLOAT32, rows = 0, inputs = 0, panels = 0, groups = 0;
  size_t panel_bytes = 0, group_bytes = 0, reserved = 0;
  uint8_t* data = nullptr;
  float* scales = nullptr;  // of the rows, int8 only
  float* bias = nullptr;
  Beside beside;  // stays when the weights are packed anew

  ~Matrix() { release(); }

  void release() {
    free(data);
    free(scales);
    free(bias);
    data = nullptr;
    scales = bias = nullptr;
  }

  bool whole() const { return format == INT8 || format == INT4; }  // multiplied as whole numbers
  bool prepares() const { return whole() || beside.rank; }           // something of each row must be made before

  void reserve(int format_, int rows_, int inputs_) {
    release();
    format = format_, rows = rows_, inputs = inputs_;
    panels = padded(rows, PANEL) / PANEL;
    groups = padded(inputs, GROUP) / GROUP;
    group_bytes = PANEL * (format == INT4 ? 4 + GROUP / 2 : GROUP);
    panel_bytes = whole() ? groups * group_bytes : size_t(inputs) * PANEL * (format == FLOAT32 ? 4 : 2);
    constexpr size_t HUGE_PAGE = 2 << 20;
    const size_t unit = panels * panel_bytes < HUGE_PAGE ? 64 : HUGE_PAGE;  // a small expert takes no more than its own
    reserved = (panels * panel_bytes + unit - 1) / unit * unit;
    data = static_cast<uint8_t*>(aligned_alloc(unit, reserved));
#ifdef MADV_HUGEPAGE
    if (unit == HUGE_PAGE) madvise(data, reserved, MADV_HUGEPAGE);
#endif
    memset(data, 0, reserved);
    if (format == INT8) scales = static_cast<float*>(calloc(panels * PANEL, 4));
  }

  // Write output row `row` from `weights` (`inputs` floats).
  void set_row(int row, const float* weights) {
    uint8_t* panel = data + (row / PANEL) * panel_bytes;
    int lane = row % PANEL;
    if (format == FLOAT32) {
      float* to = reinterpret_cast<float*>(panel) + lane;
      for (int k = 0; k < inputs; k++) to[size_t(k) * PANEL] = weights[k];
    } else if (format == BFLOAT16) {
      uint16_t* to = reinterpret_cast<uint16_t*>(panel) + lane;
      for (int k = 0; k < inputs; k++) to[size_t(k) * PANEL] = to_bfloat16(weights[k]);
    } else if (format == INT8) {
      set_int8(panel, lane, row, weights);
    } else {
      for (int g = 0; g < groups; g++) {
        int count = inputs - g * GROUP < GROUP ? inputs - g * GROUP : GROUP;
        set_int4(panel + g * group_bytes, lane, weights + g * GROUP, count);
      }
    }
  }

 private:
  static int place(int vector, int lane) { return ((vector * 2 + lane / LANES) * LANES + lane % LANES) * 4; }

  void set_int8(uint8_t* panel, int lane, int row, const float* weights) {  // symmetric, one scale a row
    float most = 0;
    for (int k = 0; k < inputs; k++) most = fmaxf(most, fabsf(weights[k]));
    const float scale = most > 0 ? most / 127.0f : 1.0f;
    scales[row] = scale;
    for (int k = 0; k < inputs; k++) {
      uint8_t* group = panel + k / GROUP * group_bytes;
      group[place(k % GROUP / 4, lane) + k % 4] = uint8_t(lrintf(weights[k] / scale) + OFFSET);
    }
  }

  static void set_int4(uint8_t* group, int lane, const float* weights, int count) {
    const Steps steps = steps_of(weights, count);
    const uint32_t word = uint32_t(to_bfloat16(steps.least)) << 16 | to_bfloat16(steps.step);
    memcpy(group + lane * 4, &word, 4);
    for (int k = 0; k < count; k++) {
      const int code = steps.code(weights[k]);
      uint8_t& to = group[PANEL * 4 + place(k / 8, lane) + k % 4];
      to = k % 8 < 4 ? (to & 0xf0) | code : (to & 0x0f) | code << 4;
    }
  }
};
