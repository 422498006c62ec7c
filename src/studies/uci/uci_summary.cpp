#include "studies/uci/uci_summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "base/error.hpp"

namespace thalweg {

namespace {

struct MeanAndDeviation {
  double mean = 0.0;
  double sd = 0.0;
};

MeanAndDeviation moments(const std::vector<double>& values) {
  MeanAndDeviation result;
  const auto n = static_cast<double>(values.size());
  for (const double x : values) result.mean += x / n;
  for (const double x : values) result.sd += (x - result.mean) * (x - result.mean) / n;
  result.sd = std::sqrt(result.sd);
  return result;
}

/// 1 and how many are better, plus half of the others that are equal.
double rank_of(const double* row, std::int64_t kernels, std::int64_t kernel) {
  double rank = 1.0;
  for (std::int64_t k = 0; k < kernels; ++k) {
    if (row[k] > row[kernel]) rank += 1.0;
    if (k != kernel && row[k] == row[kernel]) rank += 0.5;
  }
  return rank;
}

std::vector<double> accuracies_of(const std::vector<UciResult>& results) {
  std::vector<double> accuracies;
  for (const auto& result : results) {
    for (std::int64_t k = 0; k < result.kernels(); ++k) accuracies.push_back(result.accuracy(k));
  }
  return accuracies;
}

}  // namespace

std::vector<KernelStanding> kernel_standings(const std::vector<double>& accuracies,
                                             std::int64_t kernels) {
  const auto sets =
      static_cast<std::int64_t>(accuracies.size()) / std::max<std::int64_t>(1, kernels);
  if (sets < 1) throw Error("no sets to compare kernels on");
  std::vector<KernelStanding> standings;
  for (std::int64_t kernel = 0; kernel < kernels; ++kernel) {
    std::vector<double> own;
    std::vector<double> relative;
    KernelStanding standing;
    for (std::int64_t set = 0; set < sets; ++set) {
      const double* row = accuracies.data() + set * kernels;
      const double best = *std::max_element(row, row + kernels);
      own.push_back(row[kernel]);
      // Where no kernel gets anything right, all are the best.
      relative.push_back(best > 0.0 ? row[kernel] / best : 1.0);
      const auto n = static_cast<double>(sets);
      standing.friedman_rank += rank_of(row, kernels, kernel) / n;
      if (row[kernel] >= 0.90 * best) standing.p90 += 1.0 / n;
      if (row[kernel] >= 0.95 * best) standing.p95 += 1.0 / n;
    }
    const auto accuracy = moments(own);
    const auto share = moments(relative);
    standing.mean_accuracy = accuracy.mean;
    standing.sd_accuracy = accuracy.sd;
    standing.pma = share.mean;
    standing.sd_pma = share.sd;
    standings.push_back(standing);
  }
  return standings;
}

void add_uci_results(Record& record, const std::vector<std::string>& kernels,
                     const std::vector<UciResult>& results) {
  const auto n = static_cast<std::int64_t>(results.size());
  const auto k = static_cast<std::int64_t>(kernels.size());
  const auto per_set = [&](const std::string& name, const std::string& units,
                           const std::string& text, const auto& value) {
    std::vector<std::decay_t<decltype(value(results.front()))>> values;
    values.reserve(results.size());
    for (const auto& result : results) values.push_back(value(result));
    record.column("/uci/" + name, std::move(values), "set", units, text);
  };
  per_set("set", "1", "name of the set", [](const UciResult& r) { return r.set; });
  per_set("samples", "1", "samples of the set", [](const UciResult& r) { return r.samples; });
  per_set("features", "1", "features of a sample", [](const UciResult& r) { return r.features; });
  per_set("classes", "1", "classes of the set", [](const UciResult& r) { return r.classes; });
  per_set("elapsed_s", "s", "time for the set", [](const UciResult& r) { return r.elapsed_s; });
  record.column("/uci/kernel", kernels, "kernel", "1", "name of the kernel");

  const auto accuracies = accuracies_of(results);
  record.arrays["/uci/accuracy"] =
      Array{accuracies, {n, k}, {"set", "kernel"}, "1", "mean test accuracy of the 4 pairs"};
  const auto per_pair = [&](const std::string& name, const std::string& text, const auto& value) {
    std::vector<std::decay_t<decltype(value(results.front().hold_outs.front()))>> values;
    for (const auto& result : results) {
      for (const auto& pair : result.hold_outs) values.push_back(value(pair));
    }
    record.arrays["/uci/" + name] =
        Array{std::move(values), {n, k, 4}, {"set", "kernel", "hold_out"}, "1", text};
  };
  per_pair("hold_out_accuracy", "test accuracy of one hold-out pair",
           [](const HoldOutResult& r) { return r.accuracy; });
  per_pair("loo_accuracy", "leave-one-out accuracy of the choice on the training samples",
           [](const HoldOutResult& r) { return r.loo_accuracy; });
  per_pair("relative_ridge", "chosen ridge over the mean of the training matrix's diagonal",
           [](const HoldOutResult& r) { return r.relative_ridge; });
  per_pair("lambda_min", "least eigenvalue of the chosen training matrix over the mean one",
           [](const HoldOutResult& r) { return r.lambda_min; });
  per_pair("chosen", "chosen hyperparameters", [](const HoldOutResult& r) { return r.chosen; });

  const auto standings = kernel_standings(accuracies, k);
  const auto per_kernel = [&](const std::string& name, const std::string& text,
                              double KernelStanding::*member) {
    std::vector<double> values;
    values.reserve(standings.size());
    for (const auto& standing : standings) values.push_back(standing.*member);
    record.column("/uci/" + name, std::move(values), "kernel", "1", text);
  };
  per_kernel("mean_accuracy", "mean over sets", &KernelStanding::mean_accuracy);
  per_kernel("sd_accuracy", "population deviation over sets", &KernelStanding::sd_accuracy);
  per_kernel("friedman_rank", "mean rank over sets, 1 the best", &KernelStanding::friedman_rank);
  per_kernel("pma", "mean over sets of accuracy over the best there", &KernelStanding::pma);
  per_kernel("sd_pma", "population deviation over sets", &KernelStanding::sd_pma);
  per_kernel("p90", "fraction of sets with 90 % of the best accuracy", &KernelStanding::p90);
  per_kernel("p95", "fraction of sets with 95 % of the best accuracy", &KernelStanding::p95);
}

std::string uci_table(const std::vector<std::string>& kernels,
                      const std::vector<UciResult>& results) {
  const auto standings =
      kernel_standings(accuracies_of(results), static_cast<std::int64_t>(kernels.size()));
  std::size_t width = 6;
  for (const auto& name : kernels) width = std::max(width, name.size());
  std::string text = fmt::format("{:<{}}  accuracy, %     rank  PMA, %          P90, %  P95, %\n",
                                 "kernel", width);
  for (std::size_t k = 0; k < kernels.size(); ++k) {
    const KernelStanding& s = standings[k];
    text +=
        fmt::format("{:<{}}  {:5.2f} +- {:5.2f}  {:5.2f}  {:5.2f} +- {:5.2f}  {:6.1f}  {:6.1f}\n",
                    kernels[k], width, 100 * s.mean_accuracy, 100 * s.sd_accuracy, s.friedman_rank,
                    100 * s.pma, 100 * s.sd_pma, 100 * s.p90, 100 * s.p95);
  }
  text += fmt::format(
      "mean +- standard deviation over {} sets, kernel ridge, hyperparameters by leave-one-out on "
      "each training part. Published, "
      "SVM on 90 sets (Arora et al. 2020): NTK 81.95 +- 14.10, random forest 81.56, Gaussian "
      "81.03\n",
      results.size());
  return text;
}

}  // namespace thalweg
