#pragma once

#include <string>

namespace thalweg {

/// Seconds from "90", "MM:SS", "HH:MM:SS" or "D-HH:MM:SS", the times that schedulers take. `what`
/// names the value in the message. Throws ConfigurationError.
double parse_duration(const std::string& text, const std::string& what);

/// "HH:MM:SS", rounded up to whole minutes and at least one. Local.
[[nodiscard]] std::string duration_text(double seconds);

}  // namespace thalweg
