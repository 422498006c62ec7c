#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "models/network.hpp"

namespace thalweg {

/// How the empirical tangent kernel Θ̂(x, x') = ∂f(x)·∂f(x')ᵀ is computed; all three give the same
/// numbers (Novak et al. 2022, "Fast finite width neural tangent kernel").
enum class TangentMethod {
  jacobian,   ///< rows of the Jacobian, a block of parameters at a time, and their Gram product
  products,   ///< J(Jᵀe) for one output of one column sample after another; no Jacobian
  structure,  ///< layer by layer: (δ·δ')(h·h'), from ∂f/∂W = δ hᵀ
  cheapest,   ///< the one with the fewest flops by tangent_cost
};

/// The names of study files. Throws Error for another.
[[nodiscard]] TangentMethod tangent_method_named(const std::string& name);
[[nodiscard]] const std::vector<std::string>& tangent_method_names();

/// What of the outputs × outputs kernel of two samples is wanted.
enum class TangentOutputs {
  mean,  ///< (1/O) Σ_o Θ̂_oo: one number a pair, whose infinite-width limit is the analytic kernel
  pairs,  ///< every pair of outputs; rows and columns are numbered sample · O + output
};

/// What one block of n × m samples takes.
struct TangentCost {
  double flops = 0.0;
  double size_bytes = 0.0;  ///< moved to and from memory
};

/// Model of the cost. F = Σ_l 2 in·out flops a forward pass, B = F without the first layer (a pass
/// back to the hidden layers, whose inputs' derivatives nobody needs), P parameters, O outputs:
///   jacobian:  (n + m)(F + O B + O P) + 2 n m O P (mean) or 2 n m O² P (pairs)
///   products:  m O (2 F + B + n (F + B)) + n F
///   structure: (n + m)(F + O B) + n m Σ_blocks (2 O width (mean) or 2 O² width (pairs)
///              + 2 right_width)
/// Bytes: features, and Jacobian rows or gradients, written and read once, and the kernel (three
/// times a block of parameters for structure). Local.
template <class Real>
TangentCost tangent_cost(const Network<Real>& network, TangentMethod method, TangentOutputs outputs,
                         std::int64_t n, std::int64_t m);

/// The empirical tangent kernel of a network at one point, on this rank alone. Borrows the network,
/// whose activations it overwrites, and the parameters.
template <class Real>
class TangentKernel {
 public:
  /// Throws ConfigurationError where a sample's output depends on the others (batch norm with the
  /// batch's statistics), Error for a wrong number of parameters. Local.
  TangentKernel(Network<Real>& network, std::span<const Real> w, Statistics statistics,
                TangentMethod method, TangentOutputs outputs);

  [[nodiscard]] TangentMethod method() const { return method_; }
  [[nodiscard]] std::int64_t inputs() const { return network_->inputs(); }
  /// Rows (and columns) of the kernel that one sample takes: 1 or the number of outputs.
  [[nodiscard]] std::int64_t width() const {
    return outputs_ == TangentOutputs::mean ? 1 : network_->outputs();
  }
  /// Of `samples` rows of inputs (samples × inputs). Local.
  [[nodiscard]] TangentFeatures<Real> features(const Real* rows, std::int64_t samples);
  /// Bytes of the features of one sample.
  [[nodiscard]] std::int64_t feature_bytes() const;

  /// Kernel of every row sample with every column sample: (n · width()) × (m · width()), row-major.
  /// By jacobian or structure, from features. Local.
  void block(const TangentFeatures<Real>& rows, const TangentFeatures<Real>& columns,
             Real* values) const;
  /// The same from the samples themselves, by whichever method. Local.
  void block(const Real* rows, std::int64_t n, const Real* columns, std::int64_t m, Real* values);

 private:
  void by_jacobian(const TangentFeatures<Real>& rows, const TangentFeatures<Real>& columns,
                   Real* values) const;
  void by_structure(const TangentFeatures<Real>& rows, const TangentFeatures<Real>& columns,
                    Real* values) const;
  void by_products(const Real* rows, std::int64_t n, const Real* columns, std::int64_t m,
                   Real* values);

  Communicator self_;
  Network<Real>* network_;
  std::span<const Real> w_;
  Statistics statistics_;
  TangentMethod method_;
  TangentOutputs outputs_;
  ShardGemm<Real> gemm_;
};

}  // namespace thalweg
