#pragma once

#include <string>
#include <vector>

namespace thalweg {

/// Checks that a record (one file, or a study's folder with every .h5 below it) is complete,
/// unbroken and of a known schema; returns one sentence a fault, each naming file and path, and
/// none for a sound record. Numbers must be finite except in a diverged run and where a mask of the
/// same group (`done`, `valid`, `NAME_valid`; a diverged row of the summary) says that there is
/// none. Local.
std::vector<std::string> verify_record(const std::string& path);

}  // namespace thalweg
