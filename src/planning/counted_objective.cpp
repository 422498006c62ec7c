#include "planning/counted_objective.hpp"

#include <algorithm>
#include <type_traits>

#include "planning/plan_timing.hpp"

namespace thalweg {

std::string name_of(Question question) {
  constexpr const char* names[kQuestions] = {"values",          "gradients",
                                             "products",        "outputs",
                                             "J products",      "transposed J products",
                                             "tangent kernels", "sample gradients"};
  return names[static_cast<std::size_t>(question)];
}

double CountedObjective::asked_s() const {
  double seconds = 0.0;
  for (const auto& count : counts_) seconds += count.seconds + count.part_seconds;
  return seconds;
}

template <class Ask>
auto CountedObjective::timed(Question question, Subset subset, const Ask& ask) {
  if (watch_.elapsed_s() > deadline_s_) throw OutOfTime{};
  most_allocated_ = std::max(most_allocated_, allocated_bytes());
  QuestionCount& count = counts_[static_cast<std::size_t>(question)];
  const bool whole = subset.empty() || static_cast<std::int64_t>(subset.size()) == samples_;
  (whole ? count.calls : count.part_calls) += 1.0;
  double& seconds = whole ? count.seconds : count.part_seconds;
  const Stopwatch watch;
  if constexpr (std::is_void_v<decltype(ask())>) {
    ask();
    seconds += watch.elapsed_s();
  } else {
    auto answer = ask();
    seconds += watch.elapsed_s();
    return answer;
  }
}

double CountedObjective::value(std::span<const double> x, Subset subset) {
  return timed(Question::value, subset, [&] { return objective_->value(x, subset); });
}

double CountedObjective::gradient(std::span<const double> x, Subset subset,
                                  std::span<double> gradient_slice) {
  return timed(Question::gradient, subset,
               [&] { return objective_->gradient(x, subset, gradient_slice); });
}

void CountedObjective::hessian_vector(std::span<const double> x, std::span<const double> v,
                                      Subset subset, std::span<double> product_slice) {
  timed(Question::product, subset,
        [&] { objective_->hessian_vector(x, v, subset, product_slice); });
}

Evaluation CountedObjective::evaluate(std::span<const double> x, Subset subset) {
  return timed(Question::value, subset, [&] { return accuracy_->evaluate(x, subset); });
}

std::vector<double> CountedObjective::outputs(std::span<const double> x, Subset subset) {
  return timed(Question::outputs, subset, [&] { return model_->outputs(x, subset); });
}

std::vector<double> CountedObjective::jacobian_product(std::span<const double> x,
                                                       std::span<const double> v, Subset subset) {
  return timed(Question::jacobian_product, subset,
               [&] { return model_->jacobian_product(x, v, subset); });
}

void CountedObjective::transposed_jacobian_product(std::span<const double> x,
                                                   std::span<const double> u, Subset subset,
                                                   std::span<double> slice) {
  timed(Question::transposed_jacobian_product, subset,
        [&] { model_->transposed_jacobian_product(x, u, subset, slice); });
}

std::vector<double> CountedObjective::tangent_kernel(std::span<const double> x, Subset subset) {
  return timed(Question::tangent_kernel, subset, [&] { return model_->tangent_kernel(x, subset); });
}

std::vector<double> CountedObjective::squared_gradient_distances(std::span<const double> x,
                                                                 std::span<const double> centre,
                                                                 Subset subset) {
  return timed(Question::sample_gradients, subset,
               [&] { return gradients_->squared_gradient_distances(x, centre, subset); });
}

}  // namespace thalweg
