#include "linalg/lanczos.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/blas_setup.hpp"
#include "parallel/random_slice.hpp"

extern "C" void dstev_(const char* jobz, const int* n, double* d, double* e, double* z,
                       const int* ldz, double* work, int* info);

namespace thalweg {

TridiagonalEigen tridiagonal_eigen(std::vector<double> diagonal, std::vector<double> off_diagonal) {
  const int n = narrow(static_cast<std::int64_t>(diagonal.size()), "size of a tridiagonal matrix");
  TridiagonalEigen eigen{std::move(diagonal), std::vector<double>(static_cast<std::size_t>(n) *
                                                                  static_cast<std::size_t>(n))};
  off_diagonal.resize(static_cast<std::size_t>(std::max(n, 1)));
  std::vector<double> work(static_cast<std::size_t>(std::max(1, 2 * n - 2)));
  int info = 0;
  dstev_("V", &n, eigen.values.data(), off_diagonal.data(), eigen.vectors.data(), &n, work.data(),
         &info);
  if (info != 0) throw Error(fmt::format("dstev: {} off-diagonal elements did not converge", info));
  return eigen;  // LAPACK's columns are our rows
}

namespace {

void scale(std::vector<double>& x, double factor) {
  for (auto& value : x) value *= factor;
}

void subtract(std::vector<double>& x, double factor, const std::vector<double>& y) {
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::fma(-factor, y[i], x[i]);
}

}  // namespace

std::vector<double> normal_slice(const VectorSpace& space, std::uint64_t seed, std::int64_t draw) {
  return random_slice(space, seed, Purpose::lanczos_start, draw,
                      [](Stream& stream) { return stream.normal(); });
}

LanczosProcess::LanczosProcess(const VectorSpace& space, const SymmetricOperator& apply,
                               std::vector<double> start_slice,
                               std::span<const std::vector<double>> locked)
    : space_(&space),
      apply_(&apply),
      locked_(locked),
      basis_{std::move(start_slice)},
      whole_(static_cast<std::size_t>(space.dimension())) {
  scale(basis_[0], 1.0 / space.norm(std::span<const double>(basis_[0])));
  if (locked_.empty()) return;
  remove_locked(basis_[0]);
  scale(basis_[0], 1.0 / space.norm(std::span<const double>(basis_[0])));
  remove_locked(basis_[0]);
  scale(basis_[0], 1.0 / space.norm(std::span<const double>(basis_[0])));
}

void LanczosProcess::remove_locked(std::vector<double>& v) const {
  if (locked_.empty()) return;
  const auto overlaps = space_->dots(locked_, v);
  for (std::size_t j = 0; j < locked_.size(); ++j) subtract(v, overlaps[j], locked_[j]);
}

void LanczosProcess::advance() {
  const double before = remainder_;
  if (steps() > 0) {
    off_.push_back(remainder_);
    scale(next_, 1.0 / remainder_);
    basis_.push_back(std::move(next_));
  }
  next_.assign(basis_[0].size(), 0.0);
  const auto& last = basis_.back();
  space_->gather(std::span<const double>(last), std::span(whole_));
  (*apply_)(whole_, next_);
  diagonal_.push_back(space_->dot(std::span<const double>(last), std::span<const double>(next_)));
  // Classical Gram-Schmidt against the whole basis, twice: orthogonal to rounding.
  for (int pass = 0; pass < 2; ++pass) {
    remove_locked(next_);
    const auto overlaps = space_->dots(basis_, next_);
    for (std::size_t j = 0; j < basis_.size(); ++j) subtract(next_, overlaps[j], basis_[j]);
    if (pass > 0) continue;
    for (std::size_t j = 0; j + 1 < overlaps.size(); ++j) {
      const double gap = j + 2 == overlaps.size() ? overlaps[j] - before : overlaps[j];
      asymmetry_ += gap * gap;
    }
  }
  remainder_ = space_->norm(std::span<const double>(next_));
}

bool LanczosProcess::is_exhausted(double magnitude) const {
  constexpr double roundoffs = 90.0;
  return remainder_ <= roundoffs * apply_->unit_roundoff() * magnitude;
}

double LanczosProcess::rounding(double magnitude) const {
  constexpr double roundoffs = 64.0;
  const double least = roundoffs * apply_->unit_roundoff() * magnitude;
  return std::max(2.0 * std::sqrt(asymmetry_), least * std::sqrt(static_cast<double>(steps())));
}

Eigenpair ritz_pair(const VectorSpace& space, const SymmetricOperator& apply,
                    const LanczosProcess& process, const TridiagonalEigen& eigen, std::size_t row) {
  const std::size_t n = eigen.values.size();
  const auto slice_size = static_cast<std::size_t>(space.slice().size());
  Eigenpair pair{eigen.values[row], 0.0, std::vector<double>(slice_size, 0.0)};
  for (std::size_t j = 0; j < n; ++j)
    subtract(pair.vector_slice, -eigen.vectors[row * n + j], process.basis()[j]);
  scale(pair.vector_slice, 1.0 / space.norm(std::span<const double>(pair.vector_slice)));
  std::vector<double> whole(static_cast<std::size_t>(space.dimension()));
  space.gather(std::span<const double>(pair.vector_slice), std::span(whole));
  std::vector<double> product(slice_size);
  apply(whole, product);
  subtract(product, pair.value, pair.vector_slice);
  pair.residual = space.norm(std::span<const double>(product));
  return pair;
}

LanczosResult lanczos_extremes(const VectorSpace& space, const SymmetricOperator& apply,
                               const LanczosOptions& options) {
  LanczosProcess process(space, apply, normal_slice(space, options.seed));
  LanczosResult result;
  TridiagonalEigen eigen;
  const std::int64_t limit = std::min(options.max_iterations, space.dimension());
  double magnitude = 0.0;
  const auto is_wanted = [&](std::size_t row, std::size_t n) {
    return static_cast<std::int64_t>(row) < options.smallest ||
           static_cast<std::int64_t>(n - row) <= options.largest;
  };
  while (process.steps() < limit && !result.converged) {
    process.advance();
    eigen = process.eigen();
    magnitude =
        std::max({magnitude, std::abs(eigen.values.front()), std::abs(eigen.values.back())});
    const std::size_t n = eigen.values.size();
    double last_element = n < static_cast<std::size_t>(options.largest + options.smallest)
                              ? std::numeric_limits<double>::infinity()
                              : 0.0;
    for (std::size_t row = 0; row < n; ++row) {
      if (is_wanted(row, n)) {
        last_element = std::max(last_element, std::abs(eigen.vectors[row * n + n - 1]));
      }
    }
    if (!process.is_finite()) break;
    result.converged = process.is_exhausted(magnitude) ||
                       process.remainder() * last_element <= options.tolerance * magnitude;
  }
  result.iterations = process.steps();
  result.products = process.steps();
  // A basis of the whole space leaves nothing to converge to.
  if (result.iterations == space.dimension() && process.is_finite()) result.converged = true;
  result.rounding = process.rounding(magnitude);
  result.ritz_values = eigen.values;
  const std::size_t n = eigen.values.size();
  const auto pair_of = [&](std::size_t row) {
    ++result.products;
    return ritz_pair(space, apply, process, eigen, row);
  };
  const auto of_each = [n](std::int64_t wanted) {
    return std::min(n, static_cast<std::size_t>(wanted));
  };
  for (std::size_t k = 0; k < of_each(options.smallest); ++k) {
    result.smallest.push_back(pair_of(k));
  }
  for (std::size_t k = 0; k < of_each(options.largest); ++k) {
    result.largest.push_back(pair_of(n - 1 - k));
  }
  return result;
}

}  // namespace thalweg
