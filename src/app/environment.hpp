#pragma once

#include <map>
#include <string>

namespace thalweg {

/// The environment as it was when the program started.
struct Environment {
  std::map<std::string, std::string> variables;

  /// Reads environ; called once, in main.
  static Environment capture();
  /// Empty where the variable is not set.
  [[nodiscard]] std::string get(const std::string& name) const;
  /// All variables whose names begin with `prefix`.
  [[nodiscard]] std::map<std::string, std::string> with_prefix(const std::string& prefix) const;
};

}  // namespace thalweg
