#include "data/whitening.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.hpp"
#include "data/data_storage.hpp"
#include "linalg/dense_symmetric.hpp"
#include "linalg/gemm.hpp"

namespace thalweg {

namespace {

constexpr std::int64_t kBand = 128;  ///< rows of the covariance that one product makes

}  // namespace

std::vector<double> covariance(const Communicator& holders, std::int64_t samples,
                               std::int64_t features, const FillChunk& fill) {
  constexpr std::int64_t kGroup = 16;  // chunks a product
  const Partition chunks = sample_chunks(samples, holders.size());
  const Partition bands((features + kBand - 1) / kBand, holders.size());
  const Range mine = bands.of(holders.rank());
  std::vector<double> part(static_cast<std::size_t>(mine.size() * kBand * features), 0.0);
  std::vector<double> group(static_cast<std::size_t>(kGroup * kSampleChunk * features));
  std::vector<double> band(static_cast<std::size_t>(kGroup * kSampleChunk * kBand));
  const auto chunk_values = static_cast<std::size_t>(kSampleChunk * features);
  for (std::int64_t first = 0; first < chunks.items(); first += kGroup) {
    for (std::int64_t k = 0; k < kGroup; ++k) {
      const auto rows = std::span<double>(group).subspan(static_cast<std::size_t>(k) * chunk_values,
                                                         chunk_values);
      if (first + k >= chunks.items()) {
        std::fill(rows.begin(), rows.end(), 0.0);
        continue;
      }
      const int owner = chunks.owner(first + k);
      if (owner == holders.rank()) fill(first + k, rows);
      holders.broadcast(rows, owner);
    }
    for (std::int64_t b = mine.begin; b < mine.end; ++b) {
      const std::int64_t width = std::min(kBand, features - b * kBand);
      for (std::int64_t i = 0; i < kGroup * kSampleChunk; ++i) {
        const double* from = group.data() + i * features + b * kBand;
        double* to = band.data() + i * kBand;
        std::copy(from, from + width, to);
        std::fill(to + width, to + kBand, 0.0);
      }
      gemm(true, false, kBand, features, kGroup * kSampleChunk, 1.0, band.data(), group.data(), 1.0,
           part.data() + (b - mine.begin) * kBand * features);
    }
  }
  std::vector<double> all = holders.gather_all(std::span<const double>(part));
  all.resize(static_cast<std::size_t>(features * features));
  for (double& c : all) c /= static_cast<double>(samples);
  return all;
}

std::vector<double> zca_matrix(const Communicator& holders, std::vector<double> covariance,
                               std::int64_t features, double epsilon, double negligible) {
  const auto d = static_cast<std::size_t>(features);
  std::vector<double> whiten(d * d);
  std::int64_t constant = 0;
  collectively(holders, [&] {
    if (!holders.is_root()) return;
    double trace = 0.0;
    for (std::size_t j = 0; j < d; ++j) trace += covariance[j * d + j];
    constant = trace <= negligible ? 1 : 0;
    if (constant != 0) return;
    if (!std::isfinite(trace)) {
      throw ConfigurationError("[data] preprocess: zca: the covariance overflows");
    }
    DenseEigen eigen = dense_symmetric_eigen(std::move(covariance), features);
    const double added = epsilon * trace / static_cast<double>(features);
    for (std::size_t k = 0; k < d; ++k) {
      // A covariance has no negative eigenvalue but by rounding. W = BᵀB, row k of B the
      // eigenvector times (λ + ελ̄)^(−1/4).
      const double factor = 1.0 / std::sqrt(std::sqrt(std::max(eigen.values[k], 0.0) + added));
      for (std::size_t j = 0; j < d; ++j) eigen.vectors[k * d + j] *= factor;
    }
    gemm(true, false, features, features, features, 1.0, eigen.vectors.data(), eigen.vectors.data(),
         0.0, whiten.data());
    for (std::size_t i = 0; i < d; ++i) {
      for (std::size_t j = 0; j < i; ++j) whiten[j * d + i] = whiten[i * d + j];
    }
  });
  holders.broadcast(std::span(&constant, 1));
  if (constant != 0) return {};
  holders.broadcast(std::span<double>(whiten));
  return whiten;
}

}  // namespace thalweg
