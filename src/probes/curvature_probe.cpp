#include "probes/curvature_probe.hpp"

#include "objectives/composed/block_of.hpp"

namespace thalweg {

namespace {

const char* name_of_matrix(CurvatureMatrix matrix) {
  switch (matrix) {
    case CurvatureMatrix::hessian:
      return "hessian";
    case CurvatureMatrix::gauss_newton:
      return "gauss_newton";
    case CurvatureMatrix::empirical_fisher:
      return "empirical_fisher";
  }
  return "";
}

}  // namespace

void CurvatureProbe::check(const std::vector<ParameterBlock>& blocks, std::int64_t samples) const {
  inner_->check(block_.empty() ? blocks : blocks_called(blocks, block_), samples);
}

std::map<std::string, std::string> CurvatureProbe::attributes() const {
  std::map<std::string, std::string> all{{"matrix", name_of_matrix(matrix_)}};
  if (!block_.empty()) all["block"] = block_;
  return all;
}

Measurement CurvatureProbe::measure(Objective<double>& objective, std::span<const double> x,
                                    Subset subset) {
  Curvature curvature(objective, matrix_);
  if (block_.empty()) return inner_->measure(curvature, x, subset);
  BlockOf block(curvature, x, block_);
  return inner_->measure(block, block.point(), subset);
}

}  // namespace thalweg
