#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "data/matrix_entries.hpp"
#include "objectives/factors/factor_chain.hpp"
#include "objectives/factors/observations.hpp"
#include "objectives/objective.hpp"
#include "studies/completion/completion_settings.hpp"

namespace thalweg {

/// One instance: what is known of a matrix, and what is not.
struct CompletionProblem {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  MatrixEntries train;        ///< observed elements; empty where there are measurements
  Measurements measurements;  ///< empty where there are elements
  MatrixEntries validation;
  MatrixEntries test;         ///< unobserved elements; of measurements every element
  std::vector<double> truth;  ///< row-major; empty where it is not known
  std::int64_t rank = 0;      ///< of the truth; 0 where it is not known
  std::string description;
  std::uint64_t hash = 0;

  [[nodiscard]] bool is_measured() const { return measurements.size() > 0; }
  [[nodiscard]] std::int64_t observations() const {
    return is_measured() ? measurements.size() : train.size();
  }
};

/// All instances of a study. Ratings are read once, by the root.
class CompletionProblems {
 public:
  /// Collective over `world`. Throws ReportedError for files that cannot be read.
  CompletionProblems(const Communicator& world, const CompletionSpec& plan);
  /// Local: the same on every rank.
  [[nodiscard]] CompletionProblem of(std::int64_t instance, std::int64_t observed) const;

 private:
  const CompletionSpec* plan_;
  std::map<std::int64_t, MatrixSample> ratings_;  ///< by instance
};

/// Throws ConfigurationError, which names the file, where a probe makes no sense on the factors of
/// a method for this matrix. Local.
void check_probes(const CompletionSpec& plan, const CompletionProblem& problem,
                  const std::string& file);

/// The training loss as a function of a chain's factors, over the team. Local.
template <class Real>
std::unique_ptr<Objective<Real>> training_objective(const Communicator& team,
                                                    const FactorChain& chain,
                                                    const CompletionProblem& problem,
                                                    const ResidualLoss& loss);

/// Where a method's factors begin, by the seed of the instance. Gaussian: factor j has deviation
/// α^{1/N} (size(j−1) size(j))^{−1/4}. The others are balanced, W_jᵀW_j = W_{j+1}W_{j+1}ᵀ, with all
/// singular values of the product α: identity, orthogonal (random singular vectors) or aligned (the
/// matrix's own). Local.
std::vector<double> initial_factors(const FactorChain& chain, const MethodSpec& method,
                                    const CompletionProblem& problem, std::uint64_t seed);

}  // namespace thalweg
