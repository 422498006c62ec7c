#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "data/data_options.hpp"
#include "kernels/kernel_tiles.hpp"
#include "parallel/communicator.hpp"

namespace thalweg {

/// Samples as a kernel sees them: rows of features, row-major, on every rank, and what shape an
/// image among them has (feature = (channel · height + y) · width + x).
template <class Real>
struct Samples {
  std::span<const Real> rows;
  ImageShape shape;

  [[nodiscard]] std::int64_t features() const { return shape.features(); }
  [[nodiscard]] std::int64_t size() const {
    return static_cast<std::int64_t>(rows.size()) / features();
  }
  [[nodiscard]] bool same_as(const Samples& other) const {
    return rows.data() == other.rows.data() && rows.size() == other.rows.size();
  }
};

/// A positive-definite function of two samples.
template <class Real>
class Kernel {
 public:
  Kernel() = default;
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;
  virtual ~Kernel() = default;
  /// One line that fixes the kernel's numbers, for records and their checks.
  [[nodiscard]] virtual std::string description() const = 0;
  /// Collective over comm. The kernel between two sets of samples, which must outlive it; symmetric
  /// when both are the same. Throws Error for samples that the kernel is not made for.
  [[nodiscard]] virtual std::unique_ptr<KernelTiles<Real>> between(const Communicator& comm,
                                                                   const Samples<Real>& rows,
                                                                   const Samples<Real>& columns,
                                                                   std::int64_t block) const = 0;
};

}  // namespace thalweg
