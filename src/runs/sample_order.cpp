#include "runs/sample_order.hpp"

#include <numeric>

namespace thalweg {

SampleOrder::SampleOrder(std::uint64_t seed, Purpose purpose, std::int64_t samples)
    : seed_(seed), purpose_(purpose), order_(static_cast<std::size_t>(samples)) {}

Subset SampleOrder::batch(const Schedule::Step& step) {
  if (epoch_ != step.epoch) {
    std::iota(order_.begin(), order_.end(), 0);
    Stream stream(seed_, purpose_, static_cast<std::uint64_t>(step.epoch));
    shuffle(order_, stream);
    epoch_ = step.epoch;
  }
  return Subset(order_).subspan(static_cast<std::size_t>(step.begin),
                                static_cast<std::size_t>(step.count));
}

}  // namespace thalweg
