#include "studies/small_data/small_data_record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace thalweg {

Record small_data_record(const SmallDataSpec& plan, const SmallDataResult& result) {
  Record record;
  record.attributes["data"] = result.data;
  const auto kernels = static_cast<std::int64_t>(plan.kernels.size());
  const auto sizes = static_cast<std::int64_t>(plan.sizes.size());
  std::vector<std::string> names;
  std::vector<std::string> descriptions;
  std::vector<double> accuracy;
  std::vector<double> loo;
  std::vector<double> ridge;
  for (std::size_t k = 0; k < plan.kernels.size(); ++k) {
    names.push_back(plan.kernels[k].name);
    descriptions.push_back(result.descriptions[k]);
    for (const SmallDataScore& score : result.scores[k]) {
      accuracy.push_back(score.test_accuracy);
      loo.push_back(score.loo_error);
      ridge.push_back(score.ridge);
    }
    record.external_links["/grams/" + names.back()] = "runs/" + names.back() + "/gram.h5";
  }
  record.column("/small_data/kernel", names, "kernel", "1", "name of the kernel");
  record.column("/small_data/kernel_description", descriptions, "kernel", "1",
                "the kernel with all its numbers");
  record.column("/small_data/size", plan.sizes, "size", "1", "training samples");
  const auto cube = [&](const char* name, std::vector<double> values, const char* long_name) {
    record.arrays[std::string("/small_data/") + name] = Array{std::move(values),
                                                              {kernels, sizes, plan.draws},
                                                              {"kernel", "size", "draw"},
                                                              "1",
                                                              long_name};
  };
  cube("test_accuracy", std::move(accuracy),
       "fraction of test samples whose largest output is their class");
  cube("loo_error", std::move(loo), "mean of half the squared leave-one-out error at the ridge");
  cube("ridge", std::move(ridge), "what was added to the diagonal of K, chosen by leave-one-out");
  return record;
}

std::string small_data_table(const SmallDataSpec& plan, const SmallDataResult& result) {
  std::string text;
  std::size_t width = 6;
  for (const NamedKernel& kernel : plan.kernels) width = std::max(width, kernel.name.size());
  text += fmt::format("test accuracy in %, mean +- standard deviation over {} draws\n{:<{}}",
                      plan.draws, "kernel", width);
  for (const std::int64_t size : plan.sizes) text += fmt::format("  {:>13}", size);
  text += fmt::format("\n");
  for (std::size_t k = 0; k < plan.kernels.size(); ++k) {
    text += fmt::format("{:<{}}", plan.kernels[k].name, width);
    for (std::size_t s = 0; s < plan.sizes.size(); ++s) {
      double mean = 0.0;
      double square = 0.0;
      for (std::int64_t draw = 0; draw < plan.draws; ++draw) {
        const double value = 100.0 * result
                                         .scores[k][s * static_cast<std::size_t>(plan.draws) +
                                                    static_cast<std::size_t>(draw)]
                                         .test_accuracy;
        mean += value / static_cast<double>(plan.draws);
        square += value * value;
      }
      const auto count = static_cast<double>(plan.draws);
      const double spread =
          plan.draws > 1 ? std::sqrt(std::max(0.0, (square - count * mean * mean) / (count - 1.0)))
                         : 0.0;
      text += fmt::format("  {:>5.2f} +- {:>4.2f}", mean, spread);
    }
    text += fmt::format("\n");
  }
  return text;
}

}  // namespace thalweg
