#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace thalweg {

/// What a probe found at one point: named scalars, and details over an axis of their own.
struct Measurement {
  struct Scalar {
    std::string name;
    double value = 0.0;
    std::string units = "1";
    std::string long_name;
  };
  struct Detail {
    std::string name;
    std::variant<std::vector<double>, std::vector<std::string>> values;
    std::string dimension;
    std::string units = "1";
    std::string long_name;
  };
  std::vector<Scalar> scalars;
  std::vector<Detail> details;
};

/// Does a scalar of this name say how good another of its probe is, what it cost, or where it was
/// measured, rather than measure something itself? Local.
[[nodiscard]] bool is_check(const std::string& scalar);

}  // namespace thalweg
