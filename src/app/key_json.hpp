#pragma once

#include <string>

namespace thalweg {

/// The categories of the catalogue, or the one of this name, and with "keys", or without a name,
/// the documented keys: as JSON. Local.
std::string catalogue_json(const std::string& category);
/// A JSON Schema (2020-12) of study files, for editors: of the tables whose keys are documented;
/// the others may hold anything. Local.
std::string study_schema();

}  // namespace thalweg
