#include "app/key_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <vector>

#include "base/error.hpp"
#include "base/terminal.hpp"
#include "settings/node.hpp"
#include "studies/key_tables.hpp"

namespace thalweg {

namespace {

/// "number, above 0; with sam = asam; default 0.5".
std::string facts(const Key& key) {
  std::string text = key.type();
  if (!key.bounds().empty()) text += ", " + key.bounds();
  if (key.when) text += "; with " + key.condition();
  return text + "; default " + key.default_text();
}

/// "of adam, adamw", or nothing where all take it.
std::string owners(const DocumentedKey& key) {
  if (key.types.empty() || key.of_all_types) return {};
  return fmt::format("of {}", fmt::join(key.types, ", "));
}

std::string paragraph(const DocumentedKey& key, std::size_t columns) {
  const std::string of = owners(key);
  std::string text = fmt::format("  {}\n", key.key.text);
  text += fmt::format("  {}{}\n", facts(key.key), of.empty() ? "" : "; " + of);
  return wrapped(text, columns, 4);
}

std::string table_cell(std::string text) {
  for (std::size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2)) {
    text.replace(at, 1, "\\|");
  }
  return text;
}

std::string last_part(const std::string& name) {
  return name.substr(name.rfind('.') + 1);
}

std::string type_text(const KeyTable& table, std::size_t columns) {
  const std::string brackets = table.is_array ? "[[{}]]" : "[{}]";
  std::string text = fmt::format("{} type = \"{}\"\n",
                                 fmt::format(fmt::runtime(brackets), table.table), table.type);
  text += wrapped("  " + table.text, columns, 2) + "\n";
  for (const auto& key : table.keys) {
    text += fmt::format("\n{}.{}\n", table.table, key.name);
    text += wrapped(fmt::format("  {}\n  {}\n", key.text, facts(key)), columns, 4);
  }
  return text;
}

}  // namespace

std::string keys_text(std::size_t columns) {
  std::string text;
  std::string before;
  for (const auto& key : documented_keys()) {
    if (key.name != before) text += key.name + "\n";
    text += paragraph(key, columns);
    before = key.name;
  }
  return text;
}

std::string keys_markdown() {
  std::string text =
      "# Keys of study files\n"
      "Written by `thalweg list keys --markdown`; `thalweg explain KEY` says the same of one. The "
      "keys of the other\n"
      "tables are in [README.md](README.md).\n\n"
      "| key | of | type | default | range | meaning |\n|---|---|---|---|---|---|\n";
  for (const auto& one : documented_keys()) {
    std::string meaning = one.key.text;
    if (one.key.when) meaning += fmt::format(" (with `{}`)", one.key.condition());
    text += fmt::format(
        "| `{}` | {} | {} | `{}` | {} | {} |\n", one.name,
        one.types.empty() || one.of_all_types ? "all"
                                              : fmt::format("{}", fmt::join(one.types, ", ")),
        one.key.type(), one.key.default_text(), one.key.bounds(), table_cell(meaning));
  }
  return text;
}

std::string explanation(const std::string& name, std::size_t columns) {
  std::string text;
  std::set<std::string> known;
  std::string before;
  for (const auto& key : documented_keys()) {
    known.insert(key.name);
    if (key.name != name && last_part(key.name) != name) continue;
    if (key.name != before) text += (text.empty() ? "" : "\n") + key.name + "\n";
    text += paragraph(key, columns);
    before = key.name;
  }
  for (const auto& table : key_tables()) {
    if (table.type.empty()) continue;
    known.insert(table.table + "." + table.type);
    if (table.table + "." + table.type != name && table.type != name) continue;
    text += (text.empty() ? "" : "\n") + type_text(table, columns);
  }
  if (!text.empty()) return text;
  std::set<std::string> tables;
  for (const auto& table : key_tables()) tables.insert(table.table);
  throw ConfigurationError(
      fmt::format("'{}' is no key or type that says what it is{} (the tables that do: {}; of the "
                  "others see src/studies/README.md)",
                  name, did_you_mean(name, {known.begin(), known.end()}), fmt::join(tables, ", ")));
}

}  // namespace thalweg
