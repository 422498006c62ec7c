#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "objectives/composed/double_precision.hpp"

namespace thalweg {

/// What probes ask of an objective.
enum class Question : std::size_t {
  value,
  gradient,
  product,
  outputs,
  jacobian_product,
  transposed_jacobian_product,
  tangent_kernel,
  sample_gradients,
};
inline constexpr std::size_t kQuestions = 8;
[[nodiscard]] std::string name_of(Question question);

/// How often one question was asked, and what that took.
struct QuestionCount {
  double calls = 0.0;  ///< about all of the samples
  double seconds = 0.0;
  double part_calls = 0.0;  ///< about other subsets, as large whatever the number of samples
  double part_seconds = 0.0;
};

/// Thrown where a deadline has passed before a probe came to its end.
struct OutOfTime {};

/// An objective that counts and times what it is asked, for a probe's trial on one rank.
class CountedObjective final : public Objective<double>,
                               public Accuracy<double>,
                               public ModelOutputs<double>,
                               public SampleGradients<double>,
                               public ParameterLayout,
                               public ProductPrecision {
 public:
  /// `samples` is what the probe is asked about; `inner` must outlive this. Until `deadline_s` from
  /// now.
  template <class Real>
  CountedObjective(DoublePrecision<Real>& inner, std::int64_t samples, double deadline_s)
      : objective_(&inner),
        accuracy_(&inner),
        model_(&inner),
        gradients_(&inner),
        layout_(&inner),
        samples_(samples),
        deadline_s_(deadline_s) {}

  [[nodiscard]] const QuestionCount& count(Question question) const {
    return counts_[static_cast<std::size_t>(question)];
  }
  /// Seconds in all questions.
  [[nodiscard]] double asked_s() const;
  /// The most that was allocated when something was asked, in bytes.
  [[nodiscard]] double most_allocated() const { return most_allocated_; }

  [[nodiscard]] const VectorSpace& space() const override { return objective_->space(); }
  [[nodiscard]] std::int64_t sample_count() const override { return objective_->sample_count(); }
  double value(std::span<const double> x, Subset subset) override;
  double gradient(std::span<const double> x, Subset subset,
                  std::span<double> gradient_slice) override;
  void hessian_vector(std::span<const double> x, std::span<const double> v, Subset subset,
                      std::span<double> product_slice) override;
  Evaluation evaluate(std::span<const double> x, Subset subset) override;
  std::vector<double> outputs(std::span<const double> x, Subset subset) override;
  std::vector<double> jacobian_product(std::span<const double> x, std::span<const double> v,
                                       Subset subset) override;
  void transposed_jacobian_product(std::span<const double> x, std::span<const double> u,
                                   Subset subset, std::span<double> slice) override;
  std::vector<double> tangent_kernel(std::span<const double> x, Subset subset) override;
  std::vector<double> targets(Subset subset) override { return model_->targets(subset); }
  std::vector<double> loss_derivatives(std::span<const double> outputs, Subset subset) override {
    return model_->loss_derivatives(outputs, subset);
  }
  std::vector<double> loss_curvature_products(std::span<const double> outputs,
                                              std::span<const double> directions) override {
    return model_->loss_curvature_products(outputs, directions);
  }
  std::vector<double> squared_gradient_distances(std::span<const double> x,
                                                 std::span<const double> centre,
                                                 Subset subset) override;
  [[nodiscard]] std::vector<ParameterBlock> parameter_blocks() const override {
    return layout_->parameter_blocks();
  }
  [[nodiscard]] double unit_roundoff() const override { return unit_roundoff_of(*objective_); }

 private:
  template <class Ask>
  auto timed(Question question, Subset subset, const Ask& ask);

  Objective<double>* objective_;
  Accuracy<double>* accuracy_;
  ModelOutputs<double>* model_;
  SampleGradients<double>* gradients_;
  ParameterLayout* layout_;
  std::int64_t samples_;
  double deadline_s_;
  Stopwatch watch_;
  std::array<QuestionCount, kQuestions> counts_{};
  double most_allocated_ = 0.0;
};

}  // namespace thalweg
