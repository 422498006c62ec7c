#pragma once

#include <string>
#include <vector>

#include "settings/key.hpp"

namespace thalweg {

/// The keys of a table of study files, for one of its types.
struct KeyTable {
  std::string table;      ///< "optimizer"
  bool is_array = false;  ///< written as [[table]]
  std::string type;       ///< "adam"; empty where the table has none
  std::string text;       ///< what the type is, with its source
  std::vector<Key> keys;
};

/// Every key that says itself what it is: those of [data], [model], [objective], [optimizer],
/// [schedule], [train] and [[probe]]. Made of what reads them. Local.
const std::vector<KeyTable>& key_tables();

/// A key with all the types that take it alike.
struct DocumentedKey {
  std::string name;  ///< "optimizer.momentum"
  Key key;
  std::vector<std::string> types;  ///< empty: the table has none
  bool of_all_types = false;
};

/// In the tables' order. Local.
std::vector<DocumentedKey> documented_keys();

}  // namespace thalweg
