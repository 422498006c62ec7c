#include "runs/run_record.hpp"

#include <functional>
#include <iterator>
#include <variant>

#include "base/error.hpp"

namespace thalweg {

namespace {

struct NumberColumn {
  const char* name;
  const char* units;
  const char* long_name;
  double TrajectoryPoint::*field;
};

constexpr NumberColumn kNumbers[] = {
    {"learning_rate", "1", "learning rate of the next step", &TrajectoryPoint::learning_rate},
    {"distance_from_start", "1", "Euclidean distance from the initial parameters",
     &TrajectoryPoint::distance_from_start},
    {"elapsed_s", "s", "wall time since the run began, summed over resumes",
     &TrajectoryPoint::elapsed_s},
};

constexpr NumberColumn kEpoch = {"epoch", "epoch", "passes over the training set",
                                 &TrajectoryPoint::epoch};

constexpr NumberColumn kLoss = {"loss", "1", "value of the objective",
                                &TrajectoryPoint::train_loss};

constexpr NumberColumn kDataLosses[] = {
    {"train_loss", "1", "mean loss on the training set (running statistics)",
     &TrajectoryPoint::train_loss},
    {"train_accuracy", "1", "share of training samples classified rightly",
     &TrajectoryPoint::train_accuracy},
    {"test_loss", "1", "mean loss on the test set", &TrajectoryPoint::test_loss},
    {"test_accuracy", "1", "share of test samples classified rightly",
     &TrajectoryPoint::test_accuracy},
};

struct IntegerColumn {
  const char* name;
  const char* units;
  const char* long_name;
  std::int64_t TrajectoryPoint::*field;
};

constexpr IntegerColumn kStep = {"step", "step", "optimiser steps taken", &TrajectoryPoint::step};

constexpr IntegerColumn kSampleCounts[] = {
    {"samples", "sample", "training samples seen", &TrajectoryPoint::samples},
    {"batch_size", "sample", "samples of a step", &TrajectoryPoint::batch_size},
};

constexpr NumberColumn kFlowNumbers[] = {
    {"time", "1", "time of the flow, the sum of the learning rates", &TrajectoryPoint::time},
    {"stiffness", "1",
     "step times dominant eigenvalue at the integrator's last step; above 3.25 stability limits "
     "it, not accuracy",
     &TrajectoryPoint::stiffness},
};

constexpr IntegerColumn kFlowIntegers[] = {
    {"integrator_steps", "1", "accepted steps of the integrator",
     &TrajectoryPoint::integrator_steps},
    {"flow_evaluations", "1", "gradients that the integrator asked for",
     &TrajectoryPoint::flow_evaluations},
};

constexpr NumberColumn kGradientNorm = {
    "gradient_norm", "1",
    "Euclidean norm of the training loss's gradient (statistics of the "
    "whole training set)",
    &TrajectoryPoint::gradient_norm};

constexpr NumberColumn kValidation[] = {
    {"validation_loss", "1", "mean loss on the held-out training samples",
     &TrajectoryPoint::validation_loss},
    {"validation_accuracy", "1", "share of held-out training samples classified rightly",
     &TrajectoryPoint::validation_accuracy},
};

/// The columns of numbers that a run has.
std::vector<NumberColumn> number_columns(RunColumns which) {
  std::vector<NumberColumn> columns(std::begin(kNumbers), std::end(kNumbers));
  if (which.samples) columns.push_back(kEpoch);
  if (which.data) {
    columns.insert(columns.end(), std::begin(kDataLosses), std::end(kDataLosses));
  } else {
    columns.push_back(kLoss);
  }
  if (which.validation) {
    columns.insert(columns.end(), std::begin(kValidation), std::end(kValidation));
  }
  if (which.gradient_norm) columns.push_back(kGradientNorm);
  if (which.flow) columns.insert(columns.end(), std::begin(kFlowNumbers), std::end(kFlowNumbers));
  return columns;
}

std::vector<IntegerColumn> integer_columns(RunColumns which) {
  std::vector<IntegerColumn> columns{kStep};
  if (which.samples) {
    columns.insert(columns.end(), std::begin(kSampleCounts), std::end(kSampleCounts));
  }
  if (which.flow) columns.insert(columns.end(), std::begin(kFlowIntegers), std::end(kFlowIntegers));
  return columns;
}

}  // namespace

void RunRecord::write_to(Record& record) const {
  const auto write = [&](const NumberColumn& column) {
    std::vector<double> values;
    for (const auto& point : points_) values.push_back(point.*column.field);
    record.column(std::string("/trajectory/") + column.name, values, "step", column.units,
                  column.long_name);
  };
  for (const auto& column : number_columns(columns_)) write(column);
  for (const auto& column : integer_columns(columns_)) {
    std::vector<std::int64_t> values;
    for (const auto& point : points_) values.push_back(point.*column.field);
    record.column(std::string("/trajectory/") + column.name, values, "step", column.units,
                  column.long_name);
  }
  probes_.write_to(record);
}

void RunRecord::read_from(const Record& record) {
  const auto numbers = [&](const NumberColumn& column) {
    const auto& values = std::get<std::vector<double>>(
        record.arrays.at(std::string("/trajectory/") + column.name).values);
    points_.resize(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) points_[i].*column.field = values[i];
  };
  for (const auto& column : number_columns(columns_)) numbers(column);
  for (const auto& column : integer_columns(columns_)) {
    const auto& values = std::get<std::vector<std::int64_t>>(
        record.arrays.at(std::string("/trajectory/") + column.name).values);
    for (std::size_t i = 0; i < values.size(); ++i) points_[i].*column.field = values[i];
  }
  probes_.read_from(record);
}

}  // namespace thalweg
