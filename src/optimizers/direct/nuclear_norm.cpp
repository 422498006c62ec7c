#include "optimizers/direct/nuclear_norm.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "linalg/dense_svd.hpp"
#include "models/matrix_shard.hpp"

namespace thalweg {

namespace {

double usual_threshold(std::int64_t rows, std::int64_t columns, const MatrixEntries& entries) {
  double square = 0.0;
  for (const double value : entries.value) square += value * value;
  const double share = static_cast<double>(entries.size()) / static_cast<double>(rows * columns);
  return std::sqrt(square / share) / 20.0;
}

}  // namespace

NuclearNormCompletion::NuclearNormCompletion(const Communicator& team, std::int64_t rows,
                                             std::int64_t columns, const MatrixEntries& entries,
                                             NuclearNormOptions options)
    : team_(&team),
      rows_(rows),
      columns_(columns),
      flipped_(rows < columns),
      threshold_(options.threshold > 0.0 ? options.threshold
                                         : usual_threshold(rows, columns, entries)),
      layout_(team, std::max(rows, columns), matrix_shard(std::max(rows, columns))),
      shrinkage_(team, layout_, std::min(rows, columns)) {
  if (entries.size() == 0 || !(threshold_ > 0.0)) {
    throw Error("a nuclear norm needs observed entries that are not all zero");
  }
  const std::int64_t width = std::min(rows, columns);
  for (std::size_t k = 0; k < entries.value.size(); ++k) {
    const std::int64_t row = flipped_ ? entries.column[k] : entries.row[k];
    if (row < layout_.rows().begin || row >= layout_.rows().end) continue;
    const std::int64_t column = flipped_ ? entries.row[k] : entries.column[k];
    place_.push_back((row - layout_.rows().begin) * width + column);
    value_.push_back(entries.value[k]);
  }
  z_.assign(static_cast<std::size_t>(layout_.rows().size() * width), 0.0);
  feasible(z_);
  reflected_.resize(z_.size());
  shrunk_.resize(z_.size());
}

void NuclearNormCompletion::feasible(std::vector<double>& y) const {
  for (std::size_t k = 0; k < place_.size(); ++k) {
    y[static_cast<std::size_t>(place_[k])] = value_[k];
  }
}

/// 2Y − Z is Z but at the observed entries, and X − Y differs from X − Z only there.
void NuclearNormCompletion::step() {
  reflected_ = z_;
  for (std::size_t k = 0; k < place_.size(); ++k) {
    auto& element = reflected_[static_cast<std::size_t>(place_[k])];
    element = 2.0 * value_[k] - element;
  }
  rank_ = shrinkage_.apply(reflected_, threshold_, shrunk_);
  std::swap(reflected_, z_);
  // Z + X − Y: off the observed entries Y = Z, at them 2Y − Z tells Z − Y = Y − (2Y − Z).
  std::vector<double> at_entries(place_.size());
  for (std::size_t k = 0; k < place_.size(); ++k) {
    const auto i = static_cast<std::size_t>(place_[k]);
    at_entries[k] = shrunk_[i] + (value_[k] - z_[i]);
  }
  std::swap(z_, shrunk_);
  for (std::size_t k = 0; k < place_.size(); ++k) {
    z_[static_cast<std::size_t>(place_[k])] = at_entries[k];
  }
}

std::vector<double> NuclearNormCompletion::gather(const std::vector<double>& mine) const {
  const std::int64_t width = std::min(rows_, columns_);
  const std::int64_t length = std::max(rows_, columns_);
  auto all = team_->gather_all(std::span<const double>(mine));
  if (!flipped_) return all;
  std::vector<double> upright(all.size());
  for (std::int64_t i = 0; i < length; ++i) {
    for (std::int64_t j = 0; j < width; ++j) {
      upright[static_cast<std::size_t>(j * length + i)] =
          all[static_cast<std::size_t>(i * width + j)];
    }
  }
  return upright;
}

std::vector<double> NuclearNormCompletion::matrix() const {
  auto y = z_;
  feasible(y);
  return gather(y);
}

std::vector<double> NuclearNormCompletion::state() const {
  return gather(z_);
}

void NuclearNormCompletion::restore(std::span<const double> state) {
  const std::int64_t width = std::min(rows_, columns_);
  const Range mine = layout_.rows();
  for (std::int64_t i = 0; i < mine.size(); ++i) {
    for (std::int64_t j = 0; j < width; ++j) {
      const std::int64_t from =
          flipped_ ? j * columns_ + mine.begin + i : (mine.begin + i) * width + j;
      z_[static_cast<std::size_t>(i * width + j)] = state[static_cast<std::size_t>(from)];
    }
  }
}

NuclearNormCertificate NuclearNormCompletion::certificate() {
  std::vector<double> multipliers(z_.size(), 0.0);
  for (std::size_t k = 0; k < place_.size(); ++k) {
    const auto i = static_cast<std::size_t>(place_[k]);
    multipliers[i] = (value_[k] - z_[i]) / threshold_;
  }
  const auto y = matrix();
  const auto lambda = gather(multipliers);
  NuclearNormCertificate found;
  found.rank = rank_;
  found.singular_values.resize(static_cast<std::size_t>(std::min(rows_, columns_)));
  std::vector<double> bounds(2, 0.0);
  collectively(*team_, [&] {
    if (!team_->is_root()) return;
    found.singular_values = dense_svd(y, rows_, columns_, false).values;
    const double spectral = dense_svd(lambda, rows_, columns_, false).values.front();
    // λ vanishes where Y is not M.
    double product = 0.0;
    for (std::size_t i = 0; i < y.size(); ++i) product += lambda[i] * y[i];
    for (const double value : found.singular_values) bounds[1] += value;
    bounds[0] = product / std::max(1.0, spectral);
  });
  team_->broadcast(std::span(bounds));
  team_->broadcast(std::span(found.singular_values));
  found.lower = bounds[0];
  found.upper = bounds[1];
  found.gap = (found.upper - found.lower) / found.upper;
  return found;
}

}  // namespace thalweg
