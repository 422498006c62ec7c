#include "models/loss.hpp"

#include <algorithm>
#include <cmath>

namespace thalweg {

namespace {

/// Writes softmax(f) to p; returns ln Σ exp f.
template <class Real>
double softmax(const Real* f, std::int64_t classes, Real* p) {
  const Real top = *std::max_element(f, f + classes);
  Real sum = 0;
  for (std::int64_t c = 0; c < classes; ++c) {
    p[c] = std::exp(f[c] - top);
    sum += p[c];
  }
  for (std::int64_t c = 0; c < classes; ++c) p[c] /= sum;
  return static_cast<double>(top) + std::log(static_cast<double>(sum));
}

template <class Real>
bool is_right(const Real* f, std::int64_t classes, std::int64_t label) {
  for (std::int64_t c = 0; c < classes; ++c) {
    const bool beaten = c < label ? f[c] >= f[label] : f[c] > f[label];
    if (beaten || std::isnan(f[c])) return false;
  }
  return true;
}

}  // namespace

template <class Real>
std::vector<double> loss_of_shards(LossKind kind, const BatchLayout& layout, const Real* outputs,
                                   std::span<const std::int32_t> labels, std::int64_t classes,
                                   std::int64_t batch, Real* d_out) {
  std::vector<double> sums;
  std::vector<Real> row_result(static_cast<std::size_t>(classes));
  const Real scale = static_cast<Real>(1.0 / static_cast<double>(batch));
  for (std::int64_t shard = layout.shards().begin; shard < layout.shards().end; ++shard) {
    const Range rows = layout.local_rows_of(shard);
    double loss = 0.0;
    double right = 0.0;
    for (std::int64_t row = rows.begin; row < rows.end; ++row) {
      const Real* f = outputs + row * classes;
      const std::int64_t label = labels[static_cast<std::size_t>(row)];
      right += is_right(f, classes, label) ? 1.0 : 0.0;
      Real* d = row_result.data();
      if (kind == LossKind::cross_entropy) {
        loss += softmax(f, classes, d) - static_cast<double>(f[label]);
        d[label] -= Real{1};
      } else {
        const Real low = static_cast<Real>(-1.0 / static_cast<double>(classes));
        for (std::int64_t c = 0; c < classes; ++c) {
          d[c] = f[c] - (c == label ? Real{1} + low : low);
          loss += 0.5 * static_cast<double>(d[c]) * static_cast<double>(d[c]);
        }
      }
      if (d_out == nullptr) continue;
      for (std::int64_t c = 0; c < classes; ++c) d_out[row * classes + c] = d[c] * scale;
    }
    sums.push_back(loss);
    sums.push_back(right);
  }
  return sums;
}

template <class Real>
void loss_r_backward(LossKind kind, const BatchLayout& layout, const Real* outputs,
                     const Real* r_outputs, std::int64_t classes, std::int64_t batch,
                     Real* r_d_out) {
  const Real scale = static_cast<Real>(1.0 / static_cast<double>(batch));
  const std::int64_t rows = layout.rows().size();
  std::vector<Real> p(static_cast<std::size_t>(classes));
  for (std::int64_t row = 0; row < rows; ++row) {
    const Real* r = r_outputs + row * classes;
    Real* out = r_d_out + row * classes;
    if (kind == LossKind::squared) {
      for (std::int64_t c = 0; c < classes; ++c) out[c] = r[c] * scale;
      continue;
    }
    softmax(outputs + row * classes, classes, p.data());
    Real mean = 0;
    for (std::int64_t c = 0; c < classes; ++c) mean += p[static_cast<std::size_t>(c)] * r[c];
    for (std::int64_t c = 0; c < classes; ++c) {
      out[c] = p[static_cast<std::size_t>(c)] * (r[c] - mean) * scale;
    }
  }
}

template std::vector<double> loss_of_shards<float>(LossKind, const BatchLayout&, const float*,
                                                   std::span<const std::int32_t>, std::int64_t,
                                                   std::int64_t, float*);
template std::vector<double> loss_of_shards<double>(LossKind, const BatchLayout&, const double*,
                                                    std::span<const std::int32_t>, std::int64_t,
                                                    std::int64_t, double*);
template void loss_r_backward<float>(LossKind, const BatchLayout&, const float*, const float*,
                                     std::int64_t, std::int64_t, float*);
template void loss_r_backward<double>(LossKind, const BatchLayout&, const double*, const double*,
                                      std::int64_t, std::int64_t, double*);

}  // namespace thalweg
