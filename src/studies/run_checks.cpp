#include "studies/run_checks.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "probes/kernel_drift.hpp"
#include "studies/trajectory_run.hpp"

namespace thalweg {

namespace {

void check_augmentation(const RunPlan& run, const ImageShape& shape) {
  const Augmentation& augmentation = run.train.augmentation;
  if (!augmentation.is_on()) return;
  if (shape.height * shape.width == 1) {
    throw ConfigurationError(fmt::format(
        "run {}: [train] crop_padding and flip are about images; the data have none", run.name));
  }
  const std::int64_t most = std::min(shape.height, shape.width) - 1;
  if (augmentation.crop_padding > most) {
    throw ConfigurationError(
        fmt::format("run {}: [train] crop_padding is {}, expected at most {} for images of {}×{}",
                    run.name, augmentation.crop_padding, most, shape.height, shape.width));
  }
}

template <class Real>
void check_tangents(const RunPlan& run, const ProbePlan& probe, const Network<Real>& network) {
  if (dynamic_cast<const KernelDrift*>(probe.probe.get()) == nullptr) return;
  try {
    static_cast<void>(network.tangent_shape());
  } catch (const ConfigurationError& error) {
    throw ConfigurationError(
        fmt::format("run {}: probe '{}': {}", run.name, probe.name, error.what()));
  }
}

}  // namespace

template <class Real>
void check_against_data(const RunPlan& run, const DataSet<Real>& data) {
  const std::int64_t samples = data.train.size();
  if (run.train.validation > 0.0 && samples < 2) {
    throw ConfigurationError(fmt::format(
        "run {}: samples are held out, but there is a single training sample", run.name));
  }
  if (run.train.label_noise > 0.0 && data.train.classes() < 2) {
    throw ConfigurationError(fmt::format(
        "run {}: [train] label_noise draws another class, but there is one alone", run.name));
  }
  const std::int64_t training = samples - held_out(run.train.validation, samples);
  try {
    static_cast<void>(schedule_of(run, samples));
  } catch (const ConfigurationError& error) {
    throw ConfigurationError(fmt::format("run {}: [schedule] {}", run.name, error.what()));
  }
  check_augmentation(run, data.train.shape());
  const auto network = network_of(run, data);
  for (const auto& probe : run.probes) {
    probe.probe->check(network.parameter_count());
    check_tangents(run, probe, network);
    if (probe.samples > training) {
      throw ConfigurationError(fmt::format("probe '{}': samples is {}, but the training set has {}",
                                           probe.name, probe.samples, training));
    }
  }
}

template void check_against_data(const RunPlan&, const DataSet<float>&);
template void check_against_data(const RunPlan&, const DataSet<double>&);

}  // namespace thalweg
