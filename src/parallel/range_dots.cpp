#include "parallel/range_dots.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/ordered_sum.hpp"

namespace thalweg {

namespace {

void check(const VectorSpace& space, std::span<const Range> ranges) {
  std::int64_t end = 0;
  for (const auto& range : ranges) {
    if (range.begin < end || range.end < range.begin || range.end > space.dimension()) {
      throw Error(fmt::format("ranges of a vector of {} elements: [{}, {}) follows {}",
                              space.dimension(), range.begin, range.end, end));
    }
    end = range.end;
  }
}

std::int64_t end_of_piece(std::int64_t begin, std::int64_t range_end) {
  return std::min((begin / kVectorBlock + 1) * kVectorBlock, range_end);
}

}  // namespace

template <class Real>
std::vector<double> range_dots(const VectorSpace& space, std::span<const Range> ranges,
                               std::span<const Real> a_slice, std::span<const Real> b_slice) {
  check(space, ranges);
  const Range mine = space.slice();
  std::vector<double> sums;  // of all pieces; ascending, so a rank's pieces lie side by side
  std::vector<std::int64_t> counts(static_cast<std::size_t>(space.comm().size()), 0);
  std::size_t rank = 0;
  for (const auto& range : ranges) {
    for (std::int64_t begin = range.begin; begin < range.end;) {
      const std::int64_t end = end_of_piece(begin, range.end);
      while (space.slice(static_cast<int>(rank)).end <= begin) ++rank;
      ++counts[rank];
      sums.push_back(0.0);
      if (static_cast<int>(rank) == space.comm().rank()) {
        const auto from = static_cast<std::size_t>(begin - mine.begin);
        const auto size = static_cast<std::size_t>(end - begin);
        sums.back() = block_dot(a_slice.subspan(from, size), b_slice.subspan(from, size));
      }
      begin = end;
    }
  }
  space.comm().all_gather_in_place(std::span(sums), std::span<const std::int64_t>(counts));
  std::vector<double> dots;
  std::span<const double> left(sums);
  for (const auto& range : ranges) {
    const std::int64_t first = range.begin / kVectorBlock;
    const std::int64_t past = (range.end + kVectorBlock - 1) / kVectorBlock;
    const auto pieces = static_cast<std::size_t>(range.size() > 0 ? past - first : 0);
    dots.push_back(tree_sum(left.first(pieces)));
    left = left.subspan(pieces);
  }
  return dots;
}

template <class Real>
std::vector<double> range_norms(const VectorSpace& space, std::span<const Range> ranges,
                                std::span<const Real> slice) {
  auto norms = range_dots(space, ranges, slice, slice);
  for (auto& norm : norms) norm = std::sqrt(norm);
  return norms;
}

template std::vector<double> range_dots(const VectorSpace&, std::span<const Range>,
                                        std::span<const float>, std::span<const float>);
template std::vector<double> range_dots(const VectorSpace&, std::span<const Range>,
                                        std::span<const double>, std::span<const double>);
template std::vector<double> range_norms(const VectorSpace&, std::span<const Range>,
                                         std::span<const float>);
template std::vector<double> range_norms(const VectorSpace&, std::span<const Range>,
                                         std::span<const double>);

}  // namespace thalweg
