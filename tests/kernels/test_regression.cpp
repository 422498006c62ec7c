#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "kernels/fully_connected_tiles.hpp"
#include "kernels/memory.hpp"
#include "kernels/regression.hpp"
#include "linalg/factorization.hpp"

namespace thalweg {
namespace {

/// A given matrix as tiles; the padding holds what must not count.
class GivenTiles final : public KernelTiles<double> {
 public:
  GivenTiles(std::vector<std::vector<double>> matrix, std::int64_t block)
      : matrix_(std::move(matrix)), block_(block) {}
  [[nodiscard]] std::int64_t rows() const override {
    return static_cast<std::int64_t>(matrix_.size());
  }
  [[nodiscard]] std::int64_t columns() const override {
    return static_cast<std::int64_t>(matrix_.front().size());
  }
  [[nodiscard]] std::int64_t block() const override { return block_; }
  [[nodiscard]] bool symmetric() const override { return rows() == columns(); }
  void compute_strip(std::int64_t row, std::int64_t column, std::int64_t /*strip*/,
                     double* tile) const override {
    for (std::int64_t j = 0; j < block_; ++j) {
      for (std::int64_t i = 0; i < block_; ++i) {
        const std::int64_t r = row * block_ + i;
        const std::int64_t c = column * block_ + j;
        tile[i + j * block_] =
            r < rows() && c < columns()
                ? matrix_[static_cast<std::size_t>(r)][static_cast<std::size_t>(c)]
                : 99.0;
      }
    }
  }

 private:
  std::vector<std::vector<double>> matrix_;
  std::int64_t block_;
};

TEST(Regression, TwoSamplesByHand) {
  // K = [[2, 1], [1, 3]], k = (.5, 1.5), y = (1, -1): λ = .1 · tr/n and λ = .1, in closed form.
  const Communicator comm = Communicator::duplicate(MPI_COMM_WORLD);
  const ProcessGrid grid(comm);
  for (const std::int64_t block : {1, 2, 16}) {
    const GivenTiles train({{2, 1}, {1, 3}}, block);
    const GivenTiles test({{.5, 1.5}}, block);
    for (const auto& [lambda, expected] :
         {std::pair{.25, -.43564356435643564}, {.1, -.471869328493648}}) {
      DistributedMatrix<double> gram(grid, 2, 2, block);
      EXPECT_TRUE(assemble_gram<double>(train, gram, nullptr, WorkControl{}));
      EXPECT_EQ(gram.trace(), 5.0);
      gram.add_to_diagonal(lambda);
      factor_cholesky(gram, Triangle::upper);
      DistributedMatrix<double> columns(grid, 2, 1, block);
      const std::vector<double> targets{1, -1};
      columns.fill(
          [&](std::int64_t i, std::int64_t) { return targets[static_cast<std::size_t>(i)]; });
      solve_cholesky(gram, Triangle::upper, columns);
      const auto solution = columns.all_gather();
      EXPECT_NEAR(predict<double>(comm, test, solution, 1)[0], expected, 1e-15);
      EXPECT_LT(solve_residual<double>(train, gram, lambda, solution, targets, 1), 1e-15);
      // The residual sees a wrong solution: K (0, 0) = 0 leaves all of Y.
      const std::vector<double> nothing{0, 0};
      EXPECT_EQ(solve_residual<double>(train, gram, lambda, nothing, targets, 1), 1.0);
    }
  }
}

DataOptions mnist_options(const char* folder) {
  DataOptions options;
  options.source = "idx";
  options.path = std::string(folder) + "/mnist";
  options.train = 1000;
  options.test = 2000;
  options.preprocess = {"unit_norm"};
  return options;
}

TEST(Regression, MnistAgreesWithADenseComputationOutsideThisProgram) {
  const char* folder = std::getenv("THALWEG_DATA");
  if (folder == nullptr) GTEST_SKIP() << "THALWEG_DATA is not set: no real data";
  const Communicator comm = Communicator::duplicate(MPI_COMM_WORLD);
  const auto data = load_data<double>(mnist_options(folder), comm, comm);
  struct Row {
    std::int64_t depth;
    bool nngp;
    double accuracy;
    double loss;
  };
  // First 1000 training and 2000 test images; the recursion with arccos and a dense solve in numpy.
  for (const Row& row :
       {Row{1, false, 0.889, 0.13423572637754838}, Row{1, true, 0.8915, 0.13735635428503434},
        Row{3, false, 0.889, 0.13373792507901833}, Row{3, true, 0.898, 0.1258591247343152}}) {
    FullyConnectedKernel kernel;
    kernel.depth = row.depth;
    kernel.input_scaling = false;
    kernel.first_trained = row.nngp ? row.depth : 0;
    const auto result = kernel_regression<double>(comm, data, FullyConnected<double>(kernel),
                                                  Ridge{1e-6, true}, std::nullopt, WorkControl{});
    EXPECT_NEAR(result.test_accuracy, row.accuracy, 1e-12);
    EXPECT_NEAR(result.test_loss, row.loss, 1e-7);
    EXPECT_LT(result.residual, 1e-11);
    EXPECT_NEAR(result.ridge, 1e-6 * (row.nngp ? 1.0 : static_cast<double>(row.depth + 1)), 1e-18);
  }
}

TEST(Regression, SinglePrecisionAndConventionGiveTheSameClasses) {
  // The scaled kernel is 2/d of the unscaled one; with a relative ridge nothing else changes.
  const Communicator comm = Communicator::duplicate(MPI_COMM_WORLD);
  DataOptions options;
  options.train = 300;
  options.test = 200;
  options.seed = 4;
  options.preprocess = {"unit_norm"};
  const auto data = load_data<double>(options, comm, comm);
  const auto single = load_data<float>(options, comm, comm);
  const Ridge ridge{1e-3, true};
  FullyConnectedKernel kernel;
  const auto scaled = kernel_regression<double>(comm, data, FullyConnected<double>(kernel), ridge,
                                                std::nullopt, WorkControl{});
  kernel.input_scaling = false;
  const auto plain = kernel_regression<double>(comm, data, FullyConnected<double>(kernel), ridge,
                                               std::nullopt, WorkControl{});
  const auto rough = kernel_regression<float>(comm, single, FullyConnected<float>(kernel), ridge,
                                              std::nullopt, WorkControl{});
  EXPECT_EQ(scaled.test_accuracy, plain.test_accuracy);
  EXPECT_GT(plain.test_accuracy, 0.5);
  EXPECT_LT(rough.residual, 1e-3);
  EXPECT_GT(rough.residual, plain.residual);
  for (std::size_t k = 0; k < plain.predictions.size(); ++k) {
    EXPECT_NEAR(scaled.predictions[k], plain.predictions[k], 1e-10);
    EXPECT_NEAR(rough.predictions[k], plain.predictions[k], 5e-3);
  }
}

TEST(Memory, RefusesWithTheLargestThatFits) {
  const Communicator comm = Communicator::duplicate(MPI_COMM_WORLD);
  const auto need = [](std::int64_t n) { return 8 * n * n; };
  const std::int64_t node = std::int64_t{8} * 100 * 100 * comm.size();
  EXPECT_NO_THROW(require_memory(comm, "a matrix", 100, need, node));
  try {
    require_memory(comm, "a matrix", 101, need, node);
    ADD_FAILURE() << "too large a matrix was accepted";
  } catch (const ReportedError& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
  }
  EXPECT_GT(available_memory_bytes(), std::int64_t{1} << 20);
}

TEST(Memory, OfARegressionStaysNearTheMatrix) {
  for (const int ranks : {1, 2, 4}) {
    const double matrix = 8.0 * 20000.0 * 20000.0 / ranks;
    EXPECT_LT(static_cast<double>(regression_bytes(20000, 10, 1, ranks, 8)), 1.2 * matrix);
  }
}

}  // namespace
}  // namespace thalweg
