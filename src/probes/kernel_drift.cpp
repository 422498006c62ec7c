#include "probes/kernel_drift.hpp"

#include <cmath>

#include "base/error.hpp"
#include "objectives/network/model_outputs.hpp"
#include "probes/probe_kind.hpp"

namespace thalweg {

namespace {

ModelOutputs<double>& model_of(Objective<double>& objective) {
  auto* model = dynamic_cast<ModelOutputs<double>*>(&objective);
  if (model == nullptr) {
    throw ConfigurationError("kernel_drift: the objective has no outputs; expected a model's loss");
  }
  return *model;
}

double kernel_dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// Y Yᵀ, samples × samples.
std::vector<double> target_kernel(std::span<const double> targets, std::size_t samples) {
  const std::size_t outputs = targets.size() / samples;
  std::vector<double> kernel(samples * samples);
  for (std::size_t i = 0; i < samples; ++i) {
    for (std::size_t j = 0; j < samples; ++j) {
      kernel[i * samples + j] =
          kernel_dot(targets.subspan(i * outputs, outputs), targets.subspan(j * outputs, outputs));
    }
  }
  return kernel;
}

double cosine(std::span<const double> a, std::span<const double> b) {
  return kernel_dot(a, b) / std::sqrt(kernel_dot(a, a) * kernel_dot(b, b));
}

}  // namespace

void KernelDrift::begin(Objective<double>& objective, std::span<const double> start,
                        Subset subset) {
  at_start_ = model_of(objective).tangent_kernel(start, subset);
}

Measurement KernelDrift::measure(Objective<double>& objective, std::span<const double> x,
                                 Subset subset) {
  auto& model = model_of(objective);
  const auto kernel = model.tangent_kernel(x, subset);
  if (kernel.size() != at_start_.size()) {
    throw Error("kernel_drift: the run's beginning was not measured on these samples");
  }
  const double norm_at_start = std::sqrt(kernel_dot(at_start_, at_start_));
  if (norm_at_start == 0.0) {
    throw Error("kernel_drift: at the start no output depends on any parameter");
  }
  double gap = 0.0;
  double trace = 0.0;
  const auto samples = static_cast<std::size_t>(std::llround(std::sqrt(kernel.size())));
  for (std::size_t i = 0; i < kernel.size(); ++i) {
    const double moved = kernel[i] - at_start_[i];
    gap += moved * moved;
  }
  for (std::size_t i = 0; i < samples; ++i) trace += kernel[i * samples + i];
  const auto targets = model.targets(subset);
  Measurement found;
  found.scalars = {
      {"drift", std::sqrt(gap) / norm_at_start, "1",
       "Frobenius norm of the tangent kernel's change since the start over its norm then"},
      {"alignment_with_start", cosine(kernel, at_start_), "1",
       "cosine of the tangent kernel with the one at the start"},
      {"alignment_with_targets", cosine(kernel, target_kernel(targets, samples)), "1",
       "cosine of the tangent kernel with Y Y^T of the targets, not centred"},
      {"mean_diagonal", trace / static_cast<double>(samples), "1",
       "mean of the tangent kernel of a sample with itself"},
  };
  return found;
}

ProbeKind kernel_drift_kind() {
  ProbeKind kind{{{"kernel_drift",
                   "change of the empirical tangent kernel since the start, its alignments (Lee et "
                   "al. 2019); exact; a kernel of samples × samples",
                   {}},
                  [](const Values& /*values*/, std::uint64_t /*seed*/) {
                    return std::make_unique<KernelDrift>();
                  }}};
  kind.draws = draws_nothing;
  kind.subject = ProbeSubject::network;
  return kind;
}

}  // namespace thalweg
