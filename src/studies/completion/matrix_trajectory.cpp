#include "studies/completion/matrix_trajectory.hpp"

#include <utility>

namespace thalweg {

namespace {

struct MatrixColumn {
  const char* name;
  unsigned group;
  const char* units;
  const char* long_name;
  double MatrixRow::*field;
};

constexpr MatrixColumn kMatrixColumns[] = {
    {"time", kTime, "1", "learning rate times steps, or time of the flow", &MatrixRow::time},
    {"train_loss", kAlways, "1", "loss of the observations", &MatrixRow::train_loss},
    {"validation_loss", kValidation, "1", "mean squared error on the validation entries",
     &MatrixRow::validation_loss},
    {"test_loss", kTest, "1",
     "mean squared error on the unobserved entries; of measurements, on all",
     &MatrixRow::test_loss},
    {"largest_unobserved", kUnobserved, "1", "largest unobserved entry by absolute value",
     &MatrixRow::largest_unobserved},
    {"nuclear_norm", kAlways, "1", "sum of the singular values", &MatrixRow::nuclear_norm},
    {"frobenius_norm", kAlways, "1", "root of their sum of squares", &MatrixRow::frobenius_norm},
    {"spectral_norm", kAlways, "1", "the largest", &MatrixRow::spectral_norm},
    {"effective_rank", kAlways, "1",
     "exponential of the entropy of the singular values over their sum (Roy and Vetterli 2007)",
     &MatrixRow::effective_rank},
    {"schatten", kTrajectory, "1", "sum of the singular values to the power 2/depth",
     &MatrixRow::schatten},
    {"left_overlap", kTruth, "1",
     "share of the matrix's left singular space in that of as many top vectors here",
     &MatrixRow::left_overlap},
    {"right_overlap", kTruth, "1", "the same of right singular spaces", &MatrixRow::right_overlap},
    {"gradient_norm", kTrajectory, "1", "of the training loss by what is trained",
     &MatrixRow::gradient_norm},
    {"imbalance", kFactors, "1",
     "largest Frobenius norm of the change of W_jᵀW_j − W_{j+1}W_{j+1}ᵀ since the start, which "
     "gradient flow keeps",
     &MatrixRow::imbalance},
    {"alignment", kAlignment, "1",
     "least square of the product of neighbouring factors' facing top singular vectors",
     &MatrixRow::alignment},
    {"determinant_sign", kSigns, "1", "product of the signs of the factors' determinants",
     &MatrixRow::determinant_sign},
    {"stiffness", kFlow, "1", "step size times the estimate of the largest eigenvalue",
     &MatrixRow::stiffness},
    {"flow_step", kFlow, "1", "size of the step that the row lies in", &MatrixRow::flow_step},
    {"lower_bound", kBounds, "1", "of the least nuclear norm, by the dual certificate",
     &MatrixRow::lower_bound},
    {"gap", kBounds, "1", "of the nuclear norm over its lower bound, relative", &MatrixRow::gap},
    {"rank", kBounds, "1", "singular values that the last soft-thresholding left",
     &MatrixRow::rank},
    {"elapsed_s", kAlways, "s", "wall time since the run began, summed over resumes",
     &MatrixRow::elapsed_s},
};

constexpr const char* kStepColumn = "/trajectory/step";
constexpr const char* kSingularValues = "/spectrum/singular_values";
constexpr const char* kMatrices = "/matrix/product";

std::string path_of(const MatrixColumn& column) {
  return std::string("/trajectory/") + column.name;
}

}  // namespace

void MatrixTrajectory::write(Record& record) const {
  if (all_.empty()) return;
  std::vector<std::int64_t> steps;
  steps.reserve(all_.size());
  for (const auto& row : all_) steps.push_back(row.step);
  record.column(kStepColumn, steps, "step", "step",
                "steps taken: of the optimiser, of the flow's integrator, or iterations");
  for (const auto& column : kMatrixColumns) {
    if (column.group != kAlways && (groups_ & column.group) == 0) continue;
    std::vector<double> values;
    values.reserve(all_.size());
    for (const auto& row : all_) values.push_back(row.*column.field);
    record.column(path_of(column), std::move(values), "step", column.units, column.long_name);
  }
  const auto count = static_cast<std::int64_t>(all_.size());
  const auto kept = static_cast<std::int64_t>(all_.front().singular_values.size());
  std::vector<double> singular;
  std::vector<double> matrices;
  for (const auto& row : all_) {
    singular.insert(singular.end(), row.singular_values.begin(), row.singular_values.end());
    matrices.insert(matrices.end(), row.matrix.begin(), row.matrix.end());
  }
  record.column("/spectrum/step", steps, "step", "step", "as of /trajectory");
  record.arrays[kSingularValues] = Array{std::move(singular),
                                         {count, kept},
                                         {"step", "index"},
                                         "1",
                                         "largest singular values, descending"};
  if (matrices.empty()) return;
  record.column("/matrix/step", steps, "step", "step", "as of /trajectory");
  record.arrays[kMatrices] = Array{std::move(matrices),
                                   {count, rows_, columns_},
                                   {"step", "row", "column"},
                                   "1",
                                   "the matrix itself"};
}

void MatrixTrajectory::read(const Record& record) {
  all_.clear();
  const auto found_steps = record.arrays.find(kStepColumn);
  if (found_steps == record.arrays.end()) return;
  const auto& steps = std::get<std::vector<std::int64_t>>(found_steps->second.values);
  all_.assign(steps.size(), {});
  for (std::size_t i = 0; i < steps.size(); ++i) all_[i].step = steps[i];
  for (const auto& column : kMatrixColumns) {
    if (column.group != kAlways && (groups_ & column.group) == 0) continue;
    const auto& values = std::get<std::vector<double>>(record.arrays.at(path_of(column)).values);
    for (std::size_t i = 0; i < steps.size(); ++i) all_[i].*column.field = values[i];
  }
  const auto spread = [&](const char* path, std::vector<double> MatrixRow::*field) {
    const auto found = record.arrays.find(path);
    if (found == record.arrays.end()) return;
    const auto& values = std::get<std::vector<double>>(found->second.values);
    const std::size_t width = values.size() / steps.size();
    for (std::size_t i = 0; i < steps.size(); ++i) {
      (all_[i].*field)
          .assign(values.begin() + static_cast<std::ptrdiff_t>(i * width),
                  values.begin() + static_cast<std::ptrdiff_t>((i + 1) * width));
    }
  };
  spread(kSingularValues, &MatrixRow::singular_values);
  spread(kMatrices, &MatrixRow::matrix);
}

}  // namespace thalweg
