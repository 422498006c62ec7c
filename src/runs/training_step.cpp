#include "runs/training_step.hpp"

#include <vector>

namespace thalweg {

template <class Real>
double training_step(NetworkLoss<Real>& objective, Stepper<Real>& stepper, SampleOrder& order,
                     const Schedule::Step& now, std::uint64_t seed, std::int64_t index,
                     std::span<Real> w) {
  const Subset samples = order.batch(now);
  const StepDraws draws{seed, static_cast<std::uint64_t>(index),
                        static_cast<std::uint64_t>(now.epoch)};
  const auto gradient = [&](std::span<const Real> x, std::span<Real> slice) {
    return objective.training_gradient(x, samples, slice, draws);
  };
  // The running statistics are those of the points that the run visits, not of SAM's.
  const auto perturbed = [&](std::span<const Real> x, std::span<Real> slice) {
    const auto buffers = objective.network().buffers();
    const double loss = gradient(x, slice);
    objective.network().set_buffers(buffers);
    return loss;
  };
  std::vector<double> before;
  if (stepper.is_flow()) before = objective.network().buffers();
  const double loss = stepper.step(w, now.learning_rate, gradient, perturbed);
  if (stepper.was_abandoned()) objective.network().set_buffers(before);
  return loss;
}

template double training_step(NetworkLoss<float>&, Stepper<float>&, SampleOrder&,
                              const Schedule::Step&, std::uint64_t, std::int64_t, std::span<float>);
template double training_step(NetworkLoss<double>&, Stepper<double>&, SampleOrder&,
                              const Schedule::Step&, std::uint64_t, std::int64_t,
                              std::span<double>);

}  // namespace thalweg
