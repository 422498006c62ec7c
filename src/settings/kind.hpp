#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "settings/key.hpp"

namespace thalweg {

/// Something that a study file can name by its type: what it is, the keys that it takes, and how it
/// is made of their values and whatever else a family of kinds is made `With`.
template <class T, class... With>
struct Kind {
  std::string name;
  std::string text;  ///< one line, with its source
  std::vector<Key> keys;
  std::function<std::unique_ptr<T>(const Values& values, With... with)> make;
};

}  // namespace thalweg
