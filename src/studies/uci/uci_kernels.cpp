#include "studies/uci/uci_kernels.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "kernels/fully_connected_tiles.hpp"

namespace thalweg {

std::unique_ptr<Kernel<double>> KernelCandidate::make(double median) const {
  if (const auto* net = std::get_if<FullyConnectedKernel>(&kernel)) {
    return std::make_unique<FullyConnected<double>>(*net);
  }
  const PointwiseKernel fitted = std::get<PointwiseKernel>(kernel).with_median(median);
  return std::make_unique<Pointwise<double>>(fitted);
}

bool KernelCandidate::needs_median() const {
  const auto* pointwise = std::get_if<PointwiseKernel>(&kernel);
  return pointwise != nullptr && pointwise->needs_median();
}

namespace {

std::vector<std::int64_t> grid(const Settings& table, const std::string& key, std::int64_t least,
                               std::int64_t most, const std::vector<std::int64_t>& fallback) {
  auto values = table.integers(key, fallback);
  if (values.empty()) table.fail(key, "expected at least one value");
  for (const auto value : values) {
    if (value < least || value > most) {
      table.fail(key, fmt::format("found {}, expected {} to {}", value, least, most));
    }
  }
  return values;
}

constexpr std::int64_t kDeepest = 1000;

std::vector<KernelCandidate> network_grid(const Settings& table, bool nngp) {
  FullyConnectedKernel kernel;
  kernel.activation = activation_named(table.choice("activation", activation_names(), "relu"));
  kernel.bias_variance = table.number_at_least("bias_variance", 0.0, 0.0);
  const auto depths = grid(table, "depths", 1, kDeepest, {1, 2, 3, 4, 5});
  const bool fixed = !nngp && table.boolean("fixed", true);
  std::vector<KernelCandidate> candidates;
  for (const auto depth : depths) {
    kernel.depth = depth;
    for (std::int64_t first = nngp ? depth : 0; first <= (fixed || nngp ? depth : 0); ++first) {
      kernel.first_trained = first;
      candidates.push_back({kernel, nngp ? fmt::format("depth {}", depth)
                                         : fmt::format("depth {}, trained from {}", depth, first)});
    }
  }
  return candidates;
}

std::vector<KernelCandidate> pointwise_grid(const Settings& table, PointwiseForm form) {
  PointwiseKernel kernel;
  kernel.form = form;
  std::vector<KernelCandidate> candidates;
  switch (form) {
    case PointwiseForm::gaussian:
    case PointwiseForm::laplace:
      for (const double factor : table.numbers("median_factors", {0.125, 0.25, 0.5, 1.0, 2.0})) {
        if (!(factor > 0.0 && factor < 1e6)) {
          table.fail("median_factors", fmt::format("found {}, expected more than 0", factor));
        }
        kernel.median_factor = factor;
        candidates.push_back({kernel, fmt::format("{} medians", factor)});
      }
      if (candidates.empty()) table.fail("median_factors", "expected at least one value");
      break;
    case PointwiseForm::arccos: {
      const auto depths = grid(table, "depths", 1, kDeepest, {1, 2, 3});
      for (const auto degree : grid(table, "degrees", 0, 2, {0, 1, 2})) {
        for (const auto depth : depths) {
          kernel.degree = degree;
          kernel.depth = depth;
          candidates.push_back({kernel, fmt::format("degree {}, depth {}", degree, depth)});
        }
      }
      break;
    }
    case PointwiseForm::polynomial:
      kernel.constant = table.number_at_least("constant", 0.0, 1.0);
      for (const auto degree : grid(table, "degrees", 1, 100, {2, 3, 4})) {
        kernel.degree = degree;
        candidates.push_back({kernel, fmt::format("degree {}", degree)});
      }
      break;
    case PointwiseForm::linear:
      candidates.push_back({kernel, "linear"});
      break;
  }
  return candidates;
}

}  // namespace

std::vector<KernelFamily> read_kernel_families(const Settings& settings) {
  std::vector<std::string> types{"ntk", "nngp"};
  for (const auto& name : pointwise_form_names()) types.push_back(name);
  std::vector<KernelFamily> families;
  for (const Settings& table : settings.tables("kernel")) {
    const std::string type = table.choice("type", types, "ntk");
    KernelFamily family{table.string("name", type), {}};
    if (family.name.empty() || family.name.size() > 40) {
      table.fail("name", "expected 1 to 40 characters");
    }
    for (const auto& other : families) {
      if (other.name == family.name) {
        table.fail("name", fmt::format("two kernels are named \"{}\"", family.name));
      }
    }
    family.candidates = type == "ntk" || type == "nngp"
                            ? network_grid(table, type == "nngp")
                            : pointwise_grid(table, pointwise_form_named(type));
    families.push_back(std::move(family));
  }
  if (families.empty()) settings.fail("kernel", "expected at least one [[kernel]] table");
  return families;
}

}  // namespace thalweg
