#include "app/environment.hpp"

#include <unistd.h>

namespace thalweg {

Environment Environment::capture() {
  Environment environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const auto equals = text.find('=');
    if (equals != std::string::npos) {
      environment.variables[text.substr(0, equals)] = text.substr(equals + 1);
    }
  }
  return environment;
}

std::string Environment::get(const std::string& name) const {
  const auto found = variables.find(name);
  return found == variables.end() ? std::string() : found->second;
}

std::map<std::string, std::string> Environment::with_prefix(const std::string& prefix) const {
  std::map<std::string, std::string> chosen;
  for (auto it = variables.lower_bound(prefix);
       it != variables.end() && it->first.starts_with(prefix); ++it) {
    chosen.insert(*it);
  }
  return chosen;
}

}  // namespace thalweg
