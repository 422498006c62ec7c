#include "runs/study_part.hpp"

#include <fmt/format.h>

#include <charconv>
#include <string>

namespace thalweg {

namespace {

/// The whole text as a number; 0 where it is none.
std::int64_t number_of(const std::string& text) {
  std::int64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  return parsed.ptr == text.data() + text.size() ? number : 0;
}

}  // namespace

std::vector<RunSpec> StudyPart::of(const std::vector<RunSpec>& runs) const {
  std::vector<RunSpec> mine;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (static_cast<std::int64_t>(i) % count == index - 1) mine.push_back(runs[i]);
  }
  return mine;
}

StudyPart read_study_part(const Settings& settings, std::size_t runs) {
  const Settings study = settings.table("study");
  // Without it, the key does not appear among the resolved ones either.
  if (!study.has("part")) return {};
  const auto text = study.string("part", "");
  const auto slash = text.find('/');
  const StudyPart part{
      number_of(text.substr(0, slash)),
      number_of(slash == std::string::npos ? std::string() : text.substr(slash + 1))};
  if (part.index < 1 || part.index > part.count) {
    study.fail("part", fmt::format(R"(found "{}", expected "K/N" with K from 1 to N)", text));
  }
  if (part.count > static_cast<std::int64_t>(runs)) {
    study.fail("part", fmt::format("found \"{}\", but the study has {} runs", text, runs));
  }
  return part;
}

}  // namespace thalweg
