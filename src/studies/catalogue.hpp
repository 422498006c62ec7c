#pragma once

#include <string>
#include <vector>

namespace thalweg {

/// One thing a study file can name.
struct CatalogueEntry {
  std::string name;
  std::string description;  ///< one line, with the source of the definition
};

struct CatalogueCategory {
  std::string name;  ///< as `thalweg list NAME` takes it
  std::vector<CatalogueEntry> entries;
};

/// Everything there is, by category; what `thalweg list` prints.
const std::vector<CatalogueCategory>& catalogue();

}  // namespace thalweg
