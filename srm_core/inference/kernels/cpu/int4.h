// Rounding a group of weights to 16 steps. The reference is rounding.py.
#pragma once
#include "vectors.h"

inline uint16_t to_bfloat16(float f) {  // round to nearest, ties to even
  uint32_t u;
  memcpy(&u, &f, 4);
  return (u + 0x7fff + ((u >> 16) & 1)) >> 16;
}

inline float from_bfloat16(uint16_t half) {
  uint32_t u = uint32_t(half) << 16;
  float f;
  memcpy(&f, &u, 4);
  return f;
}

struct Steps {  // a weight is  least + code * step,  code from 0 to 15
  float least, step;

  static Steps kept(double least, double step) {  // in bfloat16
    return {from_bfloat16(to_bfloat16(float(least))), from_bfloat16(to_bfloat16(float(step)))};
  }

  int code(float weight) const { return step > 0 ? int(lrintf(fminf(fmaxf((weight - least) / step, 0), 15))) : 0; }

  double error(const float* weights, int count) const {
    double sum = 0;
    for (int k = 0; k < count; k++) {
      double off = double(least) + code(weights[k]) * double(step) - weights[k];
      sum += off * off;
    }
    return sum;
  }
};

// From the least to the most of the weights, or, if it is nearer to them, the line of least squares through their codes,
// found by turns of codes and line.
inline Steps steps_of(const float* weights, int count) {
  float low = weights[0], high = weights[0];
  for (int k = 1; k < count; k++) low = fminf(low, weights[k]), high = fmaxf(high, weights[k]);
  double least = low, step = (double(high) - low) / 15;
  const Steps whole = Steps::kept(least, step);
  for (int turn = 0; turn < 3; turn++) {
    double codes = 0, squares = 0, sum = 0, products = 0;
    for (int k = 0; k < count; k++) {
      double code = step > 0 ? rint(fmin(fmax((weights[k] - least) / step, 0), 15)) : 0;
      codes += code, squares += code * code, sum += weights[k], products += code * weights[k];
    }
    const double spread = count * squares - codes * codes;
    step = spread > 0 ? (count * products - codes * sum) / spread : 0;
    least = (sum - step * codes) / count;
  }
  const Steps line = Steps::kept(least, step);
  return line.error(weights, count) < whole.error(weights, count) ? line : whole;
}
