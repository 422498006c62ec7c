#include "runs/run_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

#include "base/available_memory.hpp"
#include "runs/run_network.hpp"

namespace thalweg {

namespace {

[[noreturn]] void fail(const std::string& why) {
  throw ConfigurationError(why);
}

void check_labels(const RunSpec& run, std::int64_t samples, std::int64_t classes) {
  if (run.train.validation > 0.0 && samples < 2) {
    fail("samples are held out, but there is a single training sample");
  }
  if (run.train.label_noise > 0.0 && classes < 2) {
    fail("[train] label_noise draws another class, but there is one alone");
  }
}

void check_augmentation(const Augmentation& augmentation, const ImageShape& shape) {
  if (augmentation.crop_padding == 0 && !augmentation.flip) return;
  const char* key = augmentation.flip ? "flip" : "crop_padding";
  if (shape.height == 1) {
    fail(fmt::format("[train] {}: it needs images, found rows of {} numbers", key,
                     shape.features()));
  }
  if (augmentation.crop_padding >= std::min(shape.height, shape.width)) {
    fail(
        fmt::format("[train] crop_padding: found {}, expected at most {} on images of {}×{} pixels",
                    augmentation.crop_padding, std::min(shape.height, shape.width) - 1,
                    shape.height, shape.width));
  }
}

/// Is any of the groups that batch norm takes variances of a single sample? Groups are batches
/// where `ghost_size` is 0.
bool leaves_one(std::int64_t batch, std::int64_t ghost_size) {
  return (ghost_size > 0 ? batch % ghost_size : batch) == 1;
}

/// Parameters and one gradient at least are on every rank.
void check_memory(std::int64_t parameters, std::size_t size_bytes) {
  const double needed = 2.0 * static_cast<double>(parameters) * static_cast<double>(size_bytes);
  const auto available = static_cast<double>(available_memory_bytes());
  if (needed <= available) return;
  constexpr double gib = 1024.0 * 1024.0 * 1024.0;
  fail(
      fmt::format("[model] has {} parameters, which with their gradient need {:.1f} GiB of memory; "
                  "{:.1f} GiB are available",
                  parameters, needed / gib, available / gib));
}

void check_flow(const OptimizerOptions& optimizer, bool wide) {
  if (optimizer.is_flow() && !wide) {
    fail(R"([optimizer] type: "flow" needs [train] precision = "float64")");
  }
}

/// `training` and `test`: how many samples there are, -1 where that is not known.
void check_probe_samples(const RunSpec& run, std::int64_t training, std::int64_t test) {
  for (const auto& plan : run.probes) {
    const bool is_test = plan.half == Half::test;
    const std::int64_t available = is_test ? test : training;
    if (available >= 0 && plan.samples > available) {
      fail(fmt::format("probe '{}': samples is {}, but the {} set has {}", plan.name, plan.samples,
                       is_test ? "test" : "training", available));
    }
  }
}

template <class Real>
void check_probes(const RunSpec& run, const Network<Real>& network, std::int64_t training,
                  std::int64_t test) {
  check_probe_samples(run, training, test);
  for (const auto& plan : run.probes) {
    const std::int64_t available = plan.half == Half::test ? test : training;
    try {
      plan.probe->check(network.parameters(), plan.samples > 0 ? plan.samples : available);
      if (plan.probe->needs_tangent_kernel()) static_cast<void>(network.tangent_shape());
    } catch (const ConfigurationError& error) {
      fail(fmt::format("probe '{}': {}", plan.name, error.what()));
    }
  }
}

}  // namespace

template <class Real>
void check_run(const RunSpec& run, const DataSet<Real>& data) {
  try {
    const std::int64_t samples = data.train.size();
    check_labels(run, samples, data.train.classes());
    check_flow(run.optimizer, std::is_same_v<Real, double>);
    const std::int64_t training = samples - held_out(run.train.validation, samples);
    const auto network = network_of(run, data);
    check_memory(network.parameter_count(), sizeof(Real));
    check_augmentation(run.train.augmentation, data.train.shape());
    check_batches(run, samples, training);
    check_probes(run, network, training, data.test.size());
    check_schedule(run, samples);
  } catch (const ConfigurationError& error) {
    fail(fmt::format("run {}: {}", run.name, error.what()));
  }
}

void check_before_data(const RunSpec& run, bool wide, std::int64_t train, std::int64_t test) {
  try {
    check_flow(run.optimizer, wide);
    if (train < 1) return check_probe_samples(run, -1, test);
    const std::int64_t training = train - held_out(run.train.validation, train);
    check_batches(run, train, training);
    check_probe_samples(run, training, test);
    check_schedule(run, train);
  } catch (const ConfigurationError& error) {
    fail(fmt::format("run {}: {}", run.name, error.what()));
  }
}

template <class Real>
void check_initial(const RunSpec& run, const DataSet<Real>& data) {
  if (run.train.initial.empty()) return;
  try {
    auto network = network_of(run, data);
    std::vector<Real> w(static_cast<std::size_t>(network.parameter_count()));
    read_initial(run.train.initial, network, std::span<Real>(w));
  } catch (const ConfigurationError& error) {
    fail(fmt::format("run {}: [train] initial: {}", run.name, error.what()));
  }
}

void check_batches(const RunSpec& run, std::int64_t samples, std::int64_t training) {
  if (!run.model.has_batch_norm()) return;
  if (training < 2) {
    fail(fmt::format("batch norm needs at least two training samples, found {} of {} not held out",
                     training, samples));
  }
  auto batches = run.schedule.batch_sizes;
  batches.insert(batches.begin(), run.train.batch);
  for (const auto size : batches) {
    const std::int64_t whole = std::min(size, training);
    const std::int64_t last = run.train.drop_last ? 0 : training % whole;
    for (const auto batch : {whole, last}) {
      if (!leaves_one(batch, run.model.ghost_size)) continue;
      fail(fmt::format(
          "[train] batch: {} training samples in batches of {}{} leave one of them by "
          "itself, of which batch norm takes no variance; choose another size{}",
          training, whole,
          run.model.ghost_size > 0 ? fmt::format(" and ghost groups of {}", run.model.ghost_size)
                                   : "",
          batch == last ? " or drop_last = true" : ""));
    }
  }
}

void check_schedule(const RunSpec& run, std::int64_t samples) {
  try {
    static_cast<void>(schedule_of(run, samples));
  } catch (const ConfigurationError& error) {
    fail(fmt::format("[schedule] {}", error.what()));
  }
}

void check_chain_of_layers(const ModelOptions& model) {
  const bool residual =
      std::any_of(model.layers.begin(), model.layers.end(),
                  [](const LayerSpec& layer) { return layer.kind == LayerSpec::Kind::residual; });
  if (residual) {
    fail("hidden units can be exchanged and scaled in networks without residual blocks alone");
  }
}

template <class Real>
void check_same_network(const std::string& who, const std::vector<std::string>& names,
                        const std::vector<RunSpec>& runs, const DataSet<Real>& data) {
  const auto shapes_of = [&](const std::string& name) {
    const RunSpec& run = run_named(runs, name);
    std::vector<std::vector<std::int64_t>> shapes;
    for (const auto& block : network_of(run, data).parameters()) shapes.push_back(block.shape);
    return shapes;
  };
  const auto first = shapes_of(names.front());
  for (const auto& name : names) {
    if (shapes_of(name) == first) continue;
    fail(
        fmt::format("{}: runs {} and {} have networks of different sizes, expected the same layers",
                    who, names.front(), name));
  }
}

template void check_run(const RunSpec&, const DataSet<float>&);
template void check_run(const RunSpec&, const DataSet<double>&);
template void check_initial(const RunSpec&, const DataSet<float>&);
template void check_initial(const RunSpec&, const DataSet<double>&);
template void check_same_network(const std::string&, const std::vector<std::string>&,
                                 const std::vector<RunSpec>&, const DataSet<float>&);
template void check_same_network(const std::string&, const std::vector<std::string>&,
                                 const std::vector<RunSpec>&, const DataSet<double>&);

}  // namespace thalweg
