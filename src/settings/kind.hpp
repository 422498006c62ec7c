#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "settings/key.hpp"

namespace thalweg {

/// Something that a study file can name by its type: what it is, and the keys that it takes.
struct KindText {
  std::string name;
  std::string text;  ///< one line, with its source
  std::vector<Key> keys;
};

/// And how it is made of their values and whatever else a family of kinds is made `With`.
template <class T, class... With>
struct Kind : KindText {
  std::function<std::unique_ptr<T>(const Values& values, With... with)> make;
};

/// The kind that a table names by `type`, the first where it names none. Local. Throws
/// ConfigurationError for a name that is none of theirs.
template <class AnyKind>
const AnyKind& named_kind(const std::vector<AnyKind>& kinds, const Settings& table) {
  std::vector<std::string> names;
  names.reserve(kinds.size());
  for (const auto& kind : kinds) names.push_back(kind.name);
  const std::string name = table.choice("type", names, names.front());
  return *std::find_if(kinds.begin(), kinds.end(),
                       [&](const AnyKind& kind) { return kind.name == name; });
}

}  // namespace thalweg
