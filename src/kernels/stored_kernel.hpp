#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kernels/gram.hpp"
#include "kernels/kernel.hpp"
#include "kernels/stored_tiles.hpp"

namespace thalweg {

/// A kernel between two sets of samples, kept in a file: computed once, strip by strip, by all
/// ranks, whatever kills them in between; then a source of tiles.
template <class Real>
class StoredKernel {
 public:
  /// Collective over comm. Continues `file` where it is there with `resume` (ReportedError when it
  /// is of another kernel or other samples), computes what is missing and seals it. `complete()` is
  /// false when `control` stopped that.
  StoredKernel(const Communicator& comm, const Kernel<Real>& kernel, const Samples<Real>& rows,
               const Samples<Real>& columns, std::int64_t block, const std::string& file,
               const Attributes& provenance, bool resume, const WorkControl& control);

  [[nodiscard]] bool complete() const { return tiles_ != nullptr; }
  /// Throws Error unless complete().
  [[nodiscard]] const KernelTiles<Real>& tiles() const;

 private:
  std::unique_ptr<GramStore> store_;
  std::unique_ptr<StoredTiles<Real>> tiles_;
};

/// Local. The whole matrix, rows × columns, column-major, both triangles of a symmetric one; for
/// matrices of moderate size.
template <class Real>
std::vector<double> dense_matrix(const KernelTiles<Real>& tiles);

}  // namespace thalweg
