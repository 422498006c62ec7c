#include "kernels/samples_hash.hpp"

#include <array>

#include "base/checksum.hpp"

namespace thalweg {

namespace {

template <class Real>
std::array<std::uint64_t, 4> parts_of(const Samples<Real>& samples) {
  return {block_checksum(samples.rows.data(), static_cast<std::int64_t>(samples.rows.size_bytes())),
          static_cast<std::uint64_t>(samples.shape.channels),
          static_cast<std::uint64_t>(samples.shape.height),
          static_cast<std::uint64_t>(samples.shape.width)};
}

}  // namespace

template <class Real>
std::uint64_t samples_hash(const Communicator& comm, const Samples<Real>& rows,
                           const Samples<Real>& columns) {
  std::uint64_t hash = 0;
  if (comm.is_root()) {
    const auto first = parts_of(rows);
    const auto second = rows.same_as(columns) ? first : parts_of(columns);
    const std::array<std::uint64_t, 8> all{first[0],  first[1],  first[2],  first[3],
                                           second[0], second[1], second[2], second[3]};
    hash = block_checksum(all.data(), sizeof(all));
  }
  comm.broadcast(std::span<std::uint64_t>(&hash, 1));
  return hash;
}

template std::uint64_t samples_hash(const Communicator&, const Samples<float>&,
                                    const Samples<float>&);
template std::uint64_t samples_hash(const Communicator&, const Samples<double>&,
                                    const Samples<double>&);

}  // namespace thalweg
