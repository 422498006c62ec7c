#include "objectives/factors/factor_chain.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "linalg/gemm.hpp"

namespace thalweg {

FactorChain::FactorChain(std::int64_t rows, std::int64_t columns, int depth, std::int64_t hidden) {
  if (rows < 1 || columns < 1 || depth < 1 || hidden < 0) {
    throw ConfigurationError(fmt::format(
        "a matrix of {} x {} as a product of {} factors of inner size {} was asked for, expected "
        "at least one of each",
        rows, columns, depth, hidden));
  }
  if (hidden == 0) hidden = std::min(rows, columns);
  sizes_.assign(static_cast<std::size_t>(depth) + 1, hidden);
  sizes_.front() = rows;
  sizes_.back() = columns;
  offsets_.push_back(0);
  for (int j = 1; j <= depth; ++j) offsets_.push_back(offsets_.back() + size(j - 1) * size(j));
}

std::vector<ParameterBlock> FactorChain::blocks() const {
  std::vector<ParameterBlock> all;
  for (int j = 1; j <= depth(); ++j) {
    const bool flipped = transposed(j);
    all.push_back({fmt::format("factor{}", j),
                   offset(j),
                   {flipped ? size(j) : size(j - 1), flipped ? size(j - 1) : size(j)},
                   false});
  }
  return all;
}

namespace {

/// Calls visit(place in a row-major factor, place in the parameters) for every element.
template <class Visit>
void visit_factor(const FactorChain& chain, int j, Visit&& visit) {
  const std::int64_t rows = chain.size(j - 1);
  const std::int64_t columns = chain.size(j);
  const std::int64_t offset = chain.offset(j);
  const bool flipped = chain.transposed(j);
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < columns; ++c) {
      visit(static_cast<std::size_t>(r * columns + c),
            static_cast<std::size_t>(offset + (flipped ? c * rows + r : r * columns + c)));
    }
  }
}

}  // namespace

template <class Real>
std::vector<double> factor_of(const FactorChain& chain, std::span<const Real> parameters, int j) {
  std::vector<double> factor(static_cast<std::size_t>(chain.size(j - 1) * chain.size(j)));
  visit_factor(chain, j, [&](std::size_t at, std::size_t from) {
    factor[at] = static_cast<double>(parameters[from]);
  });
  return factor;
}

template <class Real>
void set_factor(const FactorChain& chain, std::span<const double> factor, int j,
                std::span<Real> parameters) {
  visit_factor(chain, j, [&](std::size_t at, std::size_t to) {
    parameters[to] = static_cast<Real>(factor[at]);
  });
}

template <class Real>
std::vector<double> product_of(const FactorChain& chain, std::span<const Real> parameters) {
  std::vector<double> product = factor_of(chain, parameters, 1);
  for (int j = 2; j <= chain.depth(); ++j) {
    const auto factor = factor_of(chain, parameters, j);
    std::vector<double> next(static_cast<std::size_t>(chain.rows() * chain.size(j)));
    gemm(false, false, chain.rows(), chain.size(j), chain.size(j - 1), 1.0, product.data(),
         factor.data(), 0.0, next.data());
    product = std::move(next);
  }
  return product;
}

template std::vector<double> factor_of(const FactorChain&, std::span<const float>, int);
template std::vector<double> factor_of(const FactorChain&, std::span<const double>, int);
template void set_factor(const FactorChain&, std::span<const double>, int, std::span<float>);
template void set_factor(const FactorChain&, std::span<const double>, int, std::span<double>);
template std::vector<double> product_of(const FactorChain&, std::span<const float>);
template std::vector<double> product_of(const FactorChain&, std::span<const double>);

}  // namespace thalweg
