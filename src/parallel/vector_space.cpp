#include "parallel/vector_space.hpp"

#include <algorithm>
#include <cmath>

#include "base/ordered_sum.hpp"

namespace thalweg {

VectorSpace::VectorSpace(const Communicator& comm, std::int64_t dimension)
    : comm_(&comm), dimension_(dimension) {
  const Partition blocks((dimension + kVectorBlock - 1) / kVectorBlock, comm.size());
  block_counts_ = blocks.counts();
  for (int rank = 0; rank < comm.size(); ++rank) {
    const Range range = blocks.of(rank);
    slices_.push_back({std::min(range.begin * kVectorBlock, dimension),
                       std::min(range.end * kVectorBlock, dimension)});
    counts_.push_back(slices_.back().size());
  }
}

namespace {

template <class Real>
void block_sums(std::span<const Real> a, std::span<const Real> b, double* sums) {
  constexpr auto block = static_cast<std::size_t>(kVectorBlock);
  for (std::size_t at = 0; at < a.size(); at += block) {
    const std::size_t n = std::min(block, a.size() - at);
    *sums++ = block_dot(a.subspan(at, n), b.subspan(at, n));
  }
}

}  // namespace

template <class Real>
double VectorSpace::dot(std::span<const Real> a_slice, std::span<const Real> b_slice) const {
  const Partition blocks((dimension_ + kVectorBlock - 1) / kVectorBlock, comm_->size());
  std::vector<double> sums(static_cast<std::size_t>(blocks.items()));
  block_sums(a_slice, b_slice, sums.data() + blocks.of(comm_->rank()).begin);
  comm_->all_gather_in_place(std::span(sums), std::span<const std::int64_t>(block_counts_));
  return tree_sum(sums);
}

std::vector<double> VectorSpace::dots(std::span<const std::vector<double>> a_slices,
                                      std::span<const double> b_slice) const {
  const std::size_t k = a_slices.size();
  const Partition blocks((dimension_ + kVectorBlock - 1) / kVectorBlock, comm_->size());
  const auto total = static_cast<std::size_t>(blocks.items());
  const Range mine = blocks.of(comm_->rank());
  std::vector<double> local(k * static_cast<std::size_t>(mine.size()));
  for (std::size_t j = 0; j < k; ++j) {
    block_sums(std::span<const double>(a_slices[j]), b_slice,
               local.data() + j * static_cast<std::size_t>(mine.size()));
  }
  std::vector<std::int64_t> counts = block_counts_;
  for (auto& count : counts) count *= static_cast<std::int64_t>(k);
  std::vector<double> all(k * total);
  comm_->all_gather(std::span<const double>(local), std::span(all),
                    std::span<const std::int64_t>(counts));
  std::vector<double> result(k);
  std::vector<double> sums(total);
  for (std::size_t j = 0; j < k; ++j) {
    for (int rank = 0; rank < comm_->size(); ++rank) {
      const Range range = blocks.of(rank);
      const auto* from = all.data() + static_cast<std::int64_t>(k) * range.begin +
                         static_cast<std::int64_t>(j) * range.size();
      std::copy(from, from + range.size(), sums.begin() + range.begin);
    }
    result[j] = tree_sum(sums);
  }
  return result;
}

template <class Real>
double VectorSpace::norm(std::span<const Real> a_slice) const {
  return std::sqrt(dot(a_slice, a_slice));
}

template <class Real>
void VectorSpace::gather(std::span<const Real> a_slice, std::span<Real> whole) const {
  std::copy(a_slice.begin(), a_slice.end(), whole.begin() + slice().begin);
  gather_in_place(whole);
}

template <class Real>
void VectorSpace::gather_in_place(std::span<Real> whole) const {
  comm_->all_gather_in_place(whole, std::span<const std::int64_t>(counts_));
}

template double VectorSpace::dot<float>(std::span<const float>, std::span<const float>) const;
template double VectorSpace::dot<double>(std::span<const double>, std::span<const double>) const;
template double VectorSpace::norm<float>(std::span<const float>) const;
template double VectorSpace::norm<double>(std::span<const double>) const;
template void VectorSpace::gather<float>(std::span<const float>, std::span<float>) const;
template void VectorSpace::gather<double>(std::span<const double>, std::span<double>) const;
template void VectorSpace::gather_in_place<float>(std::span<float>) const;
template void VectorSpace::gather_in_place<double>(std::span<double>) const;

}  // namespace thalweg
