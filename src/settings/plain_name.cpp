#include "settings/plain_name.hpp"

#include <algorithm>
#include <cctype>

namespace thalweg {

bool is_plain_name(const std::string& name) {
  constexpr std::size_t longest = 100;
  return !name.empty() && name.front() != '.' && name.size() <= longest &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.';
         });
}

}  // namespace thalweg
