#include "optimizers/block_norms.hpp"

#include <algorithm>
#include <cmath>

#include "base/ordered_sum.hpp"

namespace thalweg {

BlockNorms::BlockNorms(const VectorSpace& space, const std::vector<ParameterBlock>& blocks)
    : space_(&space) {
  for (const auto& block : blocks) {
    first_.push_back(pieces_.size());
    const std::int64_t end = block.offset + block.count();
    for (std::int64_t at = block.offset; at < end;) {
      const std::int64_t next = std::min(end, (at / kVectorBlock + 1) * kVectorBlock);
      pieces_.push_back({at, next});
      at = next;
    }
  }
  first_.push_back(pieces_.size());
  std::int64_t done = 0;
  const auto total = static_cast<std::int64_t>(pieces_.size());
  for (int rank = 0; rank < space.comm().size(); ++rank) {
    const std::int64_t begin = done;
    const std::int64_t end = space.slice(rank).end;
    while (done < total && pieces_[static_cast<std::size_t>(done)].end <= end) ++done;
    counts_.push_back(2 * (done - begin));
    if (rank == space.comm().rank()) mine_ = {begin, done};
  }
}

template <class Real>
std::vector<double> BlockNorms::norms(std::span<const Real> a_slice,
                                      std::span<const Real> b_slice) const {
  std::vector<double> sums(2 * pieces_.size());
  const std::int64_t origin = space_->slice().begin;
  for (auto p = static_cast<std::size_t>(mine_.begin); p < static_cast<std::size_t>(mine_.end);
       ++p) {
    const auto at = static_cast<std::size_t>(pieces_[p].begin - origin);
    const auto n = static_cast<std::size_t>(pieces_[p].size());
    const auto a = a_slice.subspan(at, n);
    const auto b = b_slice.subspan(at, n);
    sums[2 * p] = block_dot(a, a);
    sums[2 * p + 1] = block_dot(b, b);
  }
  space_->comm().all_gather_in_place(std::span(sums), std::span<const std::int64_t>(counts_));
  const std::size_t blocks = first_.size() - 1;
  std::vector<double> norms(2 * blocks);
  std::vector<double> own;
  for (std::size_t which = 0; which < 2; ++which) {
    for (std::size_t block = 0; block < blocks; ++block) {
      own.clear();
      for (std::size_t p = first_[block]; p < first_[block + 1]; ++p)
        own.push_back(sums[2 * p + which]);
      norms[which * blocks + block] = std::sqrt(tree_sum(own));
    }
  }
  return norms;
}

template std::vector<double> BlockNorms::norms(std::span<const float>,
                                               std::span<const float>) const;
template std::vector<double> BlockNorms::norms(std::span<const double>,
                                               std::span<const double>) const;

}  // namespace thalweg
