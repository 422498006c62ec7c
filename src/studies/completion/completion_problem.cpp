#include "studies/completion/completion_problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/checksum.hpp"
#include "base/philox.hpp"
#include "linalg/dense_svd.hpp"
#include "objectives/factors/matrix_factorization.hpp"
#include "objectives/factors/sparse_factorization.hpp"

namespace thalweg {

namespace {

std::vector<double> normals(std::size_t count, std::uint64_t seed, Purpose purpose,
                            std::uint64_t index) {
  Stream stream(seed, purpose, index);
  std::vector<double> values(count);
  for (double& value : values) value = stream.normal();
  return values;
}

MatrixEntries every_element(std::int64_t rows, std::int64_t columns,
                            const std::vector<double>& values) {
  MatrixEntries all;
  for (std::int64_t i = 0; i < rows * columns; ++i) {
    all.row.push_back(i / columns);
    all.column.push_back(i % columns);
  }
  all.value = values;
  return all;
}

CompletionProblem from_sample(MatrixSample sample, std::int64_t rank) {
  return {sample.rows,
          sample.columns,
          std::move(sample.train),
          {},
          std::move(sample.validation),
          std::move(sample.test),
          std::move(sample.truth),
          rank,
          sample.description,
          sample.hash};
}

/// y = A w for given rows of A.
Measurements measured(std::vector<double> matrices, const std::vector<double>& w) {
  Measurements all;
  for (std::size_t at = 0; at < matrices.size(); at += w.size()) {
    double sum = 0.0;
    for (std::size_t i = 0; i < w.size(); ++i) sum += matrices[at + i] * w[i];
    all.values.push_back(sum);
  }
  all.matrices = std::move(matrices);
  return all;
}

std::uint64_t hash_of(const std::vector<double>& values) {
  return block_checksum(values.data(), static_cast<std::int64_t>(values.size() * sizeof(double)));
}

std::uint64_t hash_of(const Measurements& measurements) {
  return hash_of(measurements.matrices) ^ hash_of(measurements.values);
}

CompletionProblem low_rank_problem(const MatrixSpec& plan, std::uint64_t seed,
                                   std::int64_t observed) {
  LowRankOptions options = plan.low_rank;
  options.observed = plan.measurements > 0 ? 1 : observed;
  auto problem = from_sample(low_rank_sample(options, seed), options.rank);
  if (plan.measurements == 0) return problem;
  const auto elements = static_cast<std::size_t>(problem.rows * problem.columns);
  problem.measurements = measured(normals(static_cast<std::size_t>(plan.measurements) * elements,
                                          seed, Purpose::measurement, 0),
                                  problem.truth);
  if (options.noise > 0.0) {
    // As of an entry: relative to the measurement's root mean square.
    const double unit = options.noise * std::sqrt(static_cast<double>(elements));
    const auto noise = normals(problem.measurements.values.size(), seed, Purpose::entry_noise, 1);
    for (std::size_t k = 0; k < noise.size(); ++k) {
      problem.measurements.values[k] += unit * noise[k];
    }
  }
  problem.train = {};
  problem.validation = {};
  problem.test = every_element(problem.rows, problem.columns, problem.truth);
  problem.description = fmt::format("{} Gaussian measurements of a matrix of {} x {}, rank {}",
                                    plan.measurements, problem.rows, problem.columns, problem.rank);
  problem.hash = hash_of(problem.measurements);
  return problem;
}

/// y_k = x_k · w* with inputs of a given condition number and unit mean square.
CompletionProblem regression_problem(const MatrixSpec& plan, std::uint64_t seed) {
  const auto m = static_cast<std::size_t>(plan.samples);
  const auto d = static_cast<std::size_t>(plan.features);
  const auto svd =
      dense_svd(normals(m * d, seed, Purpose::measurement, 0), plan.samples, plan.features, true);
  std::vector<double> values;
  double square = 0.0;
  for (std::size_t k = 0; k < d; ++k) {
    const double share = d > 1 ? static_cast<double>(k) / static_cast<double>(d - 1) : 0.0;
    values.push_back(std::pow(plan.condition, -share));
    square += values.back() * values.back();
  }
  const double unit = std::sqrt(static_cast<double>(m * d) / square);
  std::vector<double> inputs(m * d, 0.0);
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t k = 0; k < d; ++k) {
      const double coordinate = svd.left[i * d + k] * values[k] * unit;
      for (std::size_t j = 0; j < d; ++j) inputs[i * d + j] += coordinate * svd.right[k * d + j];
    }
  }
  CompletionProblem problem;
  problem.rows = plan.features;
  problem.columns = 1;
  problem.truth = normals(d, seed, Purpose::measurement, 1);
  problem.rank = 1;
  problem.test = every_element(problem.rows, 1, problem.truth);
  problem.measurements = measured(std::move(inputs), problem.truth);
  problem.description = fmt::format("regression of {} samples on {} features, condition {:g}",
                                    plan.samples, plan.features, plan.condition);
  problem.hash = hash_of(problem.measurements);
  return problem;
}

/// Razin & Cohen (2020): w12 = w21 = 1 and w22 = 0 are observed, w11 is not.
CompletionProblem razin_cohen_problem() {
  CompletionProblem problem;
  problem.rows = 2;
  problem.columns = 2;
  problem.train = {{0, 1, 1}, {1, 0, 1}, {1.0, 1.0, 0.0}};
  problem.description = "2 x 2 with w12 = w21 = 1, w22 = 0 observed";
  problem.hash = hash_of(problem.train.value);
  return problem;
}

void centre(MatrixSample& sample) {
  double mean = 0.0;
  for (const double value : sample.train.value) mean += value;
  mean /= static_cast<double>(sample.train.size());
  for (auto* entries : {&sample.train, &sample.validation, &sample.test}) {
    for (double& value : entries->value) value -= mean;
  }
}

}  // namespace

CompletionProblems::CompletionProblems(const Communicator& world, const CompletionSpec& plan)
    : plan_(&plan) {
  if (plan.matrix.source != MatrixSource::ratings) return;
  for (const auto instance : plan.instances) {
    auto sample = load_ratings(plan.matrix.ratings, static_cast<std::uint64_t>(instance), world);
    if (plan.matrix.centre) centre(sample);
    ratings_.emplace(instance, std::move(sample));
  }
}

CompletionProblem CompletionProblems::of(std::int64_t instance, std::int64_t observed) const {
  const auto seed = static_cast<std::uint64_t>(instance);
  switch (plan_->matrix.source) {
    case MatrixSource::low_rank:
      return low_rank_problem(plan_->matrix, seed, observed);
    case MatrixSource::ratings:
      return from_sample(ratings_.at(instance), 0);
    case MatrixSource::razin_cohen:
      return razin_cohen_problem();
    case MatrixSource::regression:
      return regression_problem(plan_->matrix, seed);
  }
  return {};
}

void check_probes(const CompletionSpec& plan, const CompletionProblem& problem,
                  const std::string& file) {
  for (const auto& method : plan.methods) {
    if (method.type != MethodType::factorization) continue;
    check_factor_probes(plan.probes.at(plan.instances.front()),
                        FactorChain(problem.rows, problem.columns, method.depth, method.hidden),
                        problem.observations(), file);
  }
}

template <class Real>
std::unique_ptr<Objective<Real>> training_objective(const Communicator& team,
                                                    const FactorChain& chain,
                                                    const CompletionProblem& problem,
                                                    const ResidualLoss& loss) {
  if (problem.is_measured()) {
    return std::make_unique<MatrixFactorization<Real>>(team, chain, problem.measurements, loss);
  }
  if (is_sparse(problem.train.size(), problem.rows, problem.columns)) {
    return std::make_unique<SparseFactorization<Real>>(team, chain, problem.train, loss);
  }
  return std::make_unique<MatrixFactorization<Real>>(team, chain, problem.train, loss);
}

std::vector<double> initial_factors(const FactorChain& chain, const MethodSpec& method,
                                    const CompletionProblem& problem, std::uint64_t seed) {
  const double root = std::pow(method.scale, 1.0 / chain.depth());
  std::vector<double> all(static_cast<std::size_t>(chain.parameters()));
  DenseSvd svd;
  if (method.start == FactorStart::orthogonal || method.start == FactorStart::aligned) {
    const auto elements = static_cast<std::size_t>(chain.rows() * chain.columns());
    auto matrix = method.start == FactorStart::aligned
                      ? problem.truth
                      : normals(elements, seed, Purpose::initialisation, 0);
    svd = dense_svd(std::move(matrix), chain.rows(), chain.columns(), true);
  }
  const auto vectors = static_cast<std::int64_t>(svd.values.size());
  const int last = chain.depth();
  for (int j = 1; j <= last; ++j) {
    const std::int64_t rows = chain.size(j - 1);
    const std::int64_t columns = chain.size(j);
    std::vector<double> factor(static_cast<std::size_t>(rows * columns), 0.0);
    const auto at = [&](std::int64_t r, std::int64_t c) -> double& {
      return factor[static_cast<std::size_t>(r * columns + c)];
    };
    if (method.start == FactorStart::gaussian) {
      factor = normals(factor.size(), seed, Purpose::initialisation, static_cast<std::uint64_t>(j));
      const double deviation = root / std::pow(static_cast<double>(rows * columns), .25);
      for (double& value : factor) value *= deviation;
    } else if (method.start == FactorStart::identity || (j > 1 && j < last)) {
      for (std::int64_t i = 0; i < std::min(rows, columns); ++i) at(i, i) = root;
    } else {
      for (std::int64_t r = 0; r < rows; ++r) {
        for (std::int64_t c = 0; c < columns; ++c) {
          for (std::int64_t k = 0; last == 1 && k < vectors; ++k) {
            at(r, c) += root * svd.left[static_cast<std::size_t>(r * vectors + k)] *
                        svd.right[static_cast<std::size_t>(k * columns + c)];
          }
          if (last == 1) continue;
          if (j == 1 && c < vectors) {
            at(r, c) = root * svd.left[static_cast<std::size_t>(r * vectors + c)];
          }
          if (j == last && r < vectors) {
            at(r, c) = root * svd.right[static_cast<std::size_t>(r * columns + c)];
          }
        }
      }
    }
    set_factor<double>(chain, factor, j, all);
  }
  return all;
}

template std::unique_ptr<Objective<float>> training_objective(const Communicator&,
                                                              const FactorChain&,
                                                              const CompletionProblem&,
                                                              const ResidualLoss&);
template std::unique_ptr<Objective<double>> training_objective(const Communicator&,
                                                               const FactorChain&,
                                                               const CompletionProblem&,
                                                               const ResidualLoss&);

}  // namespace thalweg
