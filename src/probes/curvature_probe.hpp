#pragma once

#include <memory>
#include <string>
#include <utility>

#include "objectives/curvature.hpp"
#include "probes/probe.hpp"

namespace thalweg {

/// A probe of the Hessian that looks at another matrix in its place (see Curvature), or at one
/// block of it: a layer's own curvature, the other parameters staying where they are. For probes of
/// one point: `begin` and `observe` are not passed on.
class CurvatureProbe final : public Probe {
 public:
  /// `block` names a block of parameters or a layer; empty: all parameters.
  CurvatureProbe(std::unique_ptr<Probe> inner, CurvatureMatrix matrix, std::string block)
      : inner_(std::move(inner)), matrix_(matrix), block_(std::move(block)) {}
  /// Throws ConfigurationError for a block that there is not, too.
  void check(const std::vector<ParameterBlock>& blocks, std::int64_t samples) const override;
  [[nodiscard]] std::map<std::string, std::string> attributes() const override;
  Measurement measure(Objective<double>& objective, std::span<const double> x,
                      Subset subset) override;

 private:
  std::unique_ptr<Probe> inner_;
  CurvatureMatrix matrix_;
  std::string block_;
};

}  // namespace thalweg
