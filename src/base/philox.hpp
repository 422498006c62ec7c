#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace thalweg {

/// What a stream of random numbers is for. The numbers are part of the record format: never
/// renumber.
enum class Purpose : std::uint32_t {
  test = 0,
  glyphs = 1,
  initialisation = 2,
  shuffle = 3,
  lanczos_start = 4,
  sharpness_start = 5,
  sharpness_subspace = 6,
  split = 7,
  dropout = 8,
  augmentation = 9,
  labels = 10,
  probe = 11,
  trace_vector = 12,
  direction = 13,
  curve_time = 14,
  curve_shuffle = 16,
  permutation = 15,
  noise_curvature = 30,
  noise_batch = 31,
  perturbation = 50,
  pac_bayes = 51,
  local_entropy = 52,
  bootstrap = 32,
  low_rank = 60,
  observed = 61,
  entry_noise = 62,
  measurement = 63,
  objective = 70,
  gradient_noise = 71,
};

/// Counter-based random numbers (Philox4x32-10, Salmon et al. 2011): the k-th number of the stream
/// (seed, purpose, index) is a pure function of these four, so any rank can make any part of any
/// stream.
class Stream {
 public:
  Stream(std::uint64_t seed, Purpose purpose, std::uint64_t index);

  std::uint32_t next_u32();
  std::uint64_t next_u64();
  /// Uniform on [0, 1), 53 bits.
  double uniform();
  double uniform(double low, double high);
  /// Standard normal (Box-Muller; both values of a pair are used).
  double normal();
  /// Uniform on {0, ..., n-1} without bias; n > 0.
  std::uint64_t below(std::uint64_t n);
  /// -1 or +1.
  double rademacher();

 private:
  void refill();

  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 4> counter_;
  std::array<std::uint32_t, 4> block_{};
  int used_ = 4;
  bool has_spare_normal_ = false;
  double spare_normal_ = 0.0;
};

/// Fisher-Yates shuffle of `values` by the given stream.
void shuffle(std::span<std::int64_t> values, Stream& stream);

}  // namespace thalweg
