#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "probes/measurement.hpp"

namespace thalweg::testing {

inline bool has_scalar(const Measurement& measurement, const std::string& name) {
  for (const auto& entry : measurement.scalars) {
    if (entry.name == name) return true;
  }
  return false;
}

/// A scalar by its name; a failure and NaN if it is missing.
inline double scalar(const Measurement& measurement, const std::string& name) {
  for (const auto& entry : measurement.scalars) {
    if (entry.name == name) return entry.value;
  }
  ADD_FAILURE() << "no scalar " << name;
  return std::nan("");
}

/// A detail of type T by its name; a failure and nothing if it is missing.
template <class T>
std::vector<T> detail(const Measurement& measurement, const std::string& name) {
  for (const auto& entry : measurement.details) {
    if (entry.name == name) return std::get<std::vector<T>>(entry.values);
  }
  ADD_FAILURE() << "no detail " << name;
  return {};
}

/// All numbers of a measurement in order, for comparison bit by bit.
inline std::vector<double> numbers(const Measurement& measurement) {
  std::vector<double> all;
  for (const auto& entry : measurement.scalars) all.push_back(entry.value);
  for (const auto& entry : measurement.details) {
    if (const auto* values = std::get_if<std::vector<double>>(&entry.values)) {
      all.insert(all.end(), values->begin(), values->end());
    }
  }
  return all;
}

/// The bits of numbers: what has no value is equal to itself.
inline std::vector<std::uint64_t> bits(const std::vector<double>& numbers) {
  std::vector<std::uint64_t> all;
  for (const double number : numbers) all.push_back(std::bit_cast<std::uint64_t>(number));
  return all;
}

}  // namespace thalweg::testing
