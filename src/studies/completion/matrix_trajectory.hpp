#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "records/record.hpp"

namespace thalweg {

/// What a completed matrix is measured by, at one step of whatever completes it.
struct MatrixRow {
  std::int64_t step = 0;
  double time = 0.0;
  double train_loss = 0.0;
  double validation_loss = 0.0;
  double test_loss = 0.0;
  double largest_unobserved = 0.0;
  double nuclear_norm = 0.0;
  double frobenius_norm = 0.0;
  double spectral_norm = 0.0;
  double effective_rank = 0.0;
  double schatten = 0.0;
  double left_overlap = 0.0;
  double right_overlap = 0.0;
  double gradient_norm = 0.0;
  double imbalance = 0.0;
  double alignment = 0.0;
  double determinant_sign = 0.0;
  double stiffness = 0.0;
  double flow_step = 0.0;
  double lower_bound = 0.0;
  double gap = 0.0;
  double rank = 0.0;
  double elapsed_s = 0.0;
  std::vector<double> singular_values;
  std::vector<double> matrix;  ///< row-major, where matrices are kept
};

/// Groups of columns that a run may have.
enum MatrixColumns : unsigned {
  kAlways = 0,
  kTime = 1U << 0U,
  kValidation = 1U << 1U,
  kTest = 1U << 2U,
  kUnobserved = 1U << 3U,
  kTruth = 1U << 4U,
  kTrajectory = 1U << 5U,
  kFactors = 1U << 6U,
  kAlignment = 1U << 7U,
  kSigns = 1U << 8U,
  kFlow = 1U << 9U,
  kBounds = 1U << 10U,
};

/// The rows of a run, and how they lie in records and checkpoints: columns of /trajectory, singular
/// values in /spectrum, matrices in /matrix.
class MatrixTrajectory {
 public:
  /// `groups` says which columns there are besides those that all runs have.
  MatrixTrajectory(unsigned groups, std::int64_t rows, std::int64_t columns)
      : groups_(groups), rows_(rows), columns_(columns) {}

  [[nodiscard]] bool has(MatrixColumns group) const {
    return (groups_ & static_cast<unsigned>(group)) != 0;
  }
  void add(MatrixRow row) { all_.push_back(std::move(row)); }
  [[nodiscard]] const std::vector<MatrixRow>& rows() const { return all_; }
  /// Local.
  void write(Record& record) const;
  /// Reads what write left in a checkpoint. Local.
  void read(const Record& record);

 private:
  unsigned groups_;
  std::int64_t rows_;
  std::int64_t columns_;
  std::vector<MatrixRow> all_;
};

}  // namespace thalweg
