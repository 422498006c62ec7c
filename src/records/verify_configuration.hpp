#pragma once

#include <functional>
#include <string>

namespace thalweg {

/// Compares a folder's config.toml, where there is one, with the configuration that its study.h5
/// holds; team_size and comments, which say how a study was computed, do not count. Calls
/// fault(what is wrong). Local. Throws Error where study.h5 cannot be read.
void verify_configuration(const std::string& folder,
                          const std::function<void(const std::string&)>& fault);

}  // namespace thalweg
