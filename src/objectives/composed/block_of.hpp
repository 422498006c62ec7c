#pragma once

#include <string>
#include <vector>

#include "objectives/composed/product_precision.hpp"
#include "objectives/objective.hpp"
#include "objectives/parameter_layout.hpp"
#include "parallel/partition.hpp"

namespace thalweg {

/// The blocks that a name means: one block, such as "dense1.weight", or all those of a layer, such
/// as "dense1", which are next to each other. Throws ConfigurationError with the names there are.
/// Local.
[[nodiscard]] std::vector<ParameterBlock> blocks_called(const std::vector<ParameterBlock>& blocks,
                                                        const std::string& name);

/// An objective as a function of one block of its parameters alone, the others staying where they
/// are: its gradient is the block's part, its Hessian the block's own, in a space of as many
/// dimensions as the block has. Each derivative costs the whole objective's, and a gathering of it.
class BlockOf final : public Objective<double>, public ParameterLayout, public ProductPrecision {
 public:
  /// `x` is the whole point. Throws ConfigurationError for a name the objective does not know.
  BlockOf(Objective<double>& inner, std::span<const double> x, const std::string& name);
  /// The block's part of the point it was made at.
  [[nodiscard]] std::vector<double> point() const;
  [[nodiscard]] const VectorSpace& space() const override { return space_; }
  [[nodiscard]] std::int64_t sample_count() const override { return inner_->sample_count(); }
  double value(std::span<const double> y, Subset subset) override;
  double gradient(std::span<const double> y, Subset subset,
                  std::span<double> gradient_slice) override;
  void hessian_vector(std::span<const double> y, std::span<const double> v, Subset subset,
                      std::span<double> product_slice) override;
  /// With offsets within the block.
  [[nodiscard]] std::vector<ParameterBlock> parameter_blocks() const override { return blocks_; }
  [[nodiscard]] double unit_roundoff() const override { return unit_roundoff_of(*inner_); }

 private:
  void move_to(std::span<const double> y);
  /// This rank's slice of the block from its slice of the whole.
  void cut(std::span<double> slice);

  Objective<double>* inner_;
  std::vector<ParameterBlock> blocks_;
  Range range_;
  VectorSpace space_;
  std::vector<double> x_;
  std::vector<double> direction_;
  std::vector<double> inner_slice_;
  std::vector<double> whole_;
};

}  // namespace thalweg
