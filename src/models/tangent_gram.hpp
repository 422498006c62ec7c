#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "models/tangent_kernel.hpp"
#include "parallel/communicator.hpp"

namespace thalweg {

/// Samples in panels of `block` rows and the features of those panels that were wanted last, as
/// many as `memory_bytes` holds (at least two): the others are computed anew when asked for. Local.
template <class Real>
class TangentPanels {
 public:
  /// `rows` is samples × inputs and must outlive this, as must `kernel`. With `padded`, the last
  /// panel is filled with zero samples, so that all have the same shape.
  TangentPanels(TangentKernel<Real>& kernel, std::span<const Real> rows, std::int64_t block,
                std::int64_t memory_bytes, bool padded = false);

  [[nodiscard]] std::int64_t samples() const { return samples_; }
  [[nodiscard]] std::int64_t block() const { return block_; }
  [[nodiscard]] std::int64_t count() const { return (samples_ + block_ - 1) / block_; }
  /// Samples of a panel, padding included.
  [[nodiscard]] std::int64_t size(std::int64_t panel) const;
  [[nodiscard]] const Real* rows(std::int64_t panel) const;
  [[nodiscard]] std::shared_ptr<const TangentFeatures<Real>> features(std::int64_t panel);

 private:
  TangentKernel<Real>* kernel_;
  std::span<const Real> rows_;
  std::int64_t samples_;
  std::int64_t block_;
  bool padded_;
  std::size_t kept_;
  AlignedVector<Real> last_;
  using Entry = std::pair<std::int64_t, std::shared_ptr<const TangentFeatures<Real>>>;
  std::list<Entry> latest_;  // the one used last is in front
};

/// The kernel of two panels: (size · width()) × (size · width()), row-major, by the kernel's
/// method.
template <class Real>
void tangent_block(TangentKernel<Real>& kernel, TangentPanels<Real>& rows, std::int64_t row,
                   TangentPanels<Real>& columns, std::int64_t column, Real* values);

/// Collective over `team`. The whole empirical tangent kernel between two sets of samples
/// (row-major samples × inputs, on every rank), or of one with itself, as (n · width()) × (m ·
/// width()) on every rank, row-major. Blocks of 64 × 64 samples are dealt out, the lower triangle
/// of a symmetric one is mirrored; same bits on any number of ranks. Memory: the result and 1 GiB
/// of features. `kernel` is each rank's own and equal everywhere.
template <class Real>
std::vector<Real> tangent_gram(const Communicator& team, TangentKernel<Real>& kernel,
                               std::span<const Real> rows, std::span<const Real> columns);

}  // namespace thalweg
