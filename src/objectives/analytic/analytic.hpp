#pragma once

#include <functional>
#include <vector>

#include "objectives/objective.hpp"

namespace thalweg {

/// An objective given by formulas, evaluated in whole on every rank: for small problems with known
/// answers.
class AnalyticObjective final : public Objective<double> {
 public:
  struct Formulas {
    std::function<double(std::span<const double> x)> value;
    std::function<void(std::span<const double> x, std::span<double> gradient)> gradient;
    std::function<void(std::span<const double> x, std::span<const double> v,
                       std::span<double> product)>
        hessian_vector;
  };
  AnalyticObjective(const Communicator& team, std::int64_t dimension, Formulas formulas);

  [[nodiscard]] const VectorSpace& space() const override { return space_; }
  double value(std::span<const double> x, Subset subset) override;
  double gradient(std::span<const double> x, Subset subset,
                  std::span<double> gradient_slice) override;
  void hessian_vector(std::span<const double> x, std::span<const double> v, Subset subset,
                      std::span<double> product_slice) override;

 private:
  VectorSpace space_;
  Formulas formulas_;
  std::vector<double> whole_;
};

/// ½ (x − c)ᵀ H (x − c) + bᵀx + a, H symmetric, n × n row-major.
AnalyticObjective::Formulas quadratic(std::vector<double> hessian, std::vector<double> centre,
                                      std::vector<double> linear = {}, double constant = 0.0);
/// ½ (Π w_i − 1)²: a deep linear net with one unit a layer.
AnalyticObjective::Formulas scalar_chain();

}  // namespace thalweg
