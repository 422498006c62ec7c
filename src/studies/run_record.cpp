#include "studies/run_record.hpp"

#include <functional>
#include <iterator>
#include <type_traits>
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
    {"epoch", "epoch", "passes over the training set", &TrajectoryPoint::epoch},
    {"learning_rate", "1", "learning rate of the next step", &TrajectoryPoint::learning_rate},
    {"train_loss", "1", "mean loss on the training set (running statistics)",
     &TrajectoryPoint::train_loss},
    {"train_accuracy", "1", "share of training samples classified rightly",
     &TrajectoryPoint::train_accuracy},
    {"test_loss", "1", "mean loss on the test set", &TrajectoryPoint::test_loss},
    {"test_accuracy", "1", "share of test samples classified rightly",
     &TrajectoryPoint::test_accuracy},
    {"distance_from_start", "1", "Euclidean distance from the initial parameters",
     &TrajectoryPoint::distance_from_start},
    {"elapsed_s", "s", "wall time since the run began, summed over resumes",
     &TrajectoryPoint::elapsed_s},
};

struct IntegerColumn {
  const char* name;
  const char* units;
  const char* long_name;
  std::int64_t TrajectoryPoint::*field;
};

constexpr IntegerColumn kIntegers[] = {
    {"step", "step", "optimiser steps taken", &TrajectoryPoint::step},
    {"samples", "sample", "training samples seen", &TrajectoryPoint::samples},
    {"batch_size", "sample", "samples of a step", &TrajectoryPoint::batch_size},
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
  if (which.validation) {
    columns.insert(columns.end(), std::begin(kValidation), std::end(kValidation));
  }
  if (which.gradient_norm) columns.push_back(kGradientNorm);
  return columns;
}

template <class T>
void append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

/// Appends the rows of `more` to `array` along its first axis.
void append_rows(Array& array, const Array& more) {
  std::visit(
      [&](auto& values) {
        using Values = std::decay_t<decltype(values)>;
        append(values, std::get<Values>(more.values));
      },
      array.values);
  array.shape[0] += more.shape[0];
}

}  // namespace

void RunRecord::add(const std::string& probe, std::int64_t step, const Measurement& measurement) {
  probes_[probe].steps.push_back(step);
  probes_[probe].measurements.push_back(measurement);
}

bool RunRecord::has(const std::string& probe, std::int64_t step) const {
  if (const auto rows = probes_.find(probe); rows != probes_.end())
    return rows->second.steps.back() == step;
  const auto rows = earlier_.find(probe);
  if (rows == earlier_.end()) return false;
  const auto& steps = std::get<std::vector<std::int64_t>>(
      rows->second.arrays.at("/probes/" + probe + "/step").values);
  return steps.back() == step;
}

void RunRecord::write_to(Record& record) const {
  const auto write = [&](const NumberColumn& column) {
    std::vector<double> values;
    for (const auto& point : points_) values.push_back(point.*column.field);
    record.column(std::string("/trajectory/") + column.name, values, "step", column.units,
                  column.long_name);
  };
  for (const auto& column : number_columns(columns_)) write(column);
  for (const auto& column : kIntegers) {
    std::vector<std::int64_t> values;
    for (const auto& point : points_) values.push_back(point.*column.field);
    record.column(std::string("/trajectory/") + column.name, values, "step", column.units,
                  column.long_name);
  }

  for (const auto& [probe, earlier] : earlier_) {
    for (const auto& [path, array] : earlier.arrays) record.arrays[path] = array;
  }
  for (const auto& [probe, rows] : probes_) {
    const std::string group = "/probes/" + probe + "/";
    const auto put = [&](const std::string& name, Array array) {
      const auto [found, is_new] = record.arrays.try_emplace(group + name, array);
      if (!is_new) append_rows(found->second, array);
    };
    for (std::size_t row = 0; row < rows.steps.size(); ++row) {
      put("step", {std::vector<std::int64_t>{rows.steps[row]},
                   {1},
                   {"step"},
                   "step",
                   "optimiser steps taken"});
      for (const auto& scalar : rows.measurements[row].scalars) {
        put(scalar.name,
            {std::vector<double>{scalar.value}, {1}, {"step"}, scalar.units, scalar.long_name});
      }
      for (const auto& detail : rows.measurements[row].details) {
        std::visit(
            [&](const auto& values) {
              put(detail.name, {values,
                                {1, static_cast<std::int64_t>(values.size())},
                                {"step", detail.dimension},
                                detail.units,
                                detail.long_name});
            },
            detail.values);
      }
    }
  }
}

void RunRecord::read_from(const Record& record) {
  const auto numbers = [&](const NumberColumn& column) {
    const auto& values = std::get<std::vector<double>>(
        record.arrays.at(std::string("/trajectory/") + column.name).values);
    points_.resize(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) points_[i].*column.field = values[i];
  };
  for (const auto& column : number_columns(columns_)) numbers(column);
  for (const auto& column : kIntegers) {
    const auto& values = std::get<std::vector<std::int64_t>>(
        record.arrays.at(std::string("/trajectory/") + column.name).values);
    for (std::size_t i = 0; i < values.size(); ++i) points_[i].*column.field = values[i];
  }
  const std::string prefix = "/probes/";
  for (const auto& [path, array] : record.arrays) {
    if (path.rfind(prefix, 0) != 0) continue;
    const auto end = path.find('/', prefix.size());
    earlier_[path.substr(prefix.size(), end - prefix.size())].arrays[path] = array;
  }
}

}  // namespace thalweg
