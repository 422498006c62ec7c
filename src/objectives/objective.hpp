#pragma once

#include <cstdint>
#include <span>

#include "parallel/vector_space.hpp"

namespace thalweg {

/// Numbers of the samples that an evaluation averages over; empty means all of them.
using Subset = std::span<const std::int64_t>;

/// A function of a flat parameter vector, computed by a team. Points are whole vectors, the same on
/// every rank; derivatives come as slices (see VectorSpace), so that what is stored and updated is
/// spread over the team. Every function is collective over the team and returns the same bits on
/// any number of ranks.
template <class Real>
class Objective {
 public:
  Objective() = default;
  Objective(const Objective&) = delete;
  Objective& operator=(const Objective&) = delete;
  virtual ~Objective() = default;

  [[nodiscard]] virtual const VectorSpace& space() const = 0;
  [[nodiscard]] std::int64_t dimension() const { return space().dimension(); }
  /// Terms of the finite sum; 0 where the objective is not one (subsets must then be empty).
  [[nodiscard]] virtual std::int64_t sample_count() const { return 0; }

  virtual double value(std::span<const Real> x, Subset subset) = 0;
  /// Returns the value, writes this rank's slice of the gradient.
  virtual double gradient(std::span<const Real> x, Subset subset,
                          std::span<Real> gradient_slice) = 0;
  /// Writes this rank's slice of ∇²f(x) v; exact (no differences).
  virtual void hessian_vector(std::span<const Real> x, std::span<const Real> v, Subset subset,
                              std::span<Real> product_slice) = 0;
};

/// Loss and share of right answers on a set of samples.
struct Evaluation {
  double loss = 0.0;
  double accuracy = 0.0;
};

}  // namespace thalweg
