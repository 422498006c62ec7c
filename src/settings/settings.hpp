#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace thalweg {

/// One table of a study file, read key by key with defaults. A key that nobody asked for is an
/// error that names file, line and the nearest known key; every value used, defaults included, goes
/// into `config_resolved`. Copies share the same underlying state, so that usage is tracked over
/// all of them.
class Settings {
 public:
  struct Axis;

  /// Parses a study file's text; `overrides` are --set arguments "a.b=value" (TOML values; a bare
  /// word is a string; "run.0.batch=8" reaches into an array of tables). Throws ConfigurationError
  /// naming file and line.
  static Settings parse(const std::string& text, const std::string& file,
                        const std::vector<std::string>& overrides = {});

  /// Subtable; an absent one reads as empty, so that all defaults apply.
  [[nodiscard]] Settings table(const std::string& key) const;
  /// Array of tables, such as [[run]]; empty when absent.
  [[nodiscard]] std::vector<Settings> tables(const std::string& key) const;
  [[nodiscard]] bool has(const std::string& key) const;
  /// Is the key there, with an array of values?
  [[nodiscard]] bool is_list(const std::string& key) const;

  // Values with defaults. A value of another type is an error that names file, line, key, what was
  // found and what was expected. Whole floats are not integers; integers are read as floats where a
  // float is wanted.
  [[nodiscard]] std::int64_t integer(const std::string& key, std::int64_t fallback) const;
  [[nodiscard]] double number(const std::string& key, double fallback) const;
  [[nodiscard]] bool boolean(const std::string& key, bool fallback) const;
  [[nodiscard]] std::string string(const std::string& key, const std::string& fallback) const;
  [[nodiscard]] std::variant<std::int64_t, std::string> integer_or_string(
      const std::string& key, const std::variant<std::int64_t, std::string>& fallback) const;
  [[nodiscard]] std::vector<std::string> strings(const std::string& key,
                                                 const std::vector<std::string>& fallback) const;
  [[nodiscard]] std::vector<std::int64_t> integers(const std::string& key,
                                                   const std::vector<std::int64_t>& fallback) const;
  [[nodiscard]] std::vector<double> numbers(const std::string& key,
                                            const std::vector<double>& fallback) const;
  /// A string that must be one of `choices`; the error lists them and the nearest.
  [[nodiscard]] std::string choice(const std::string& key, const std::vector<std::string>& choices,
                                   const std::string& fallback) const;
  /// An integer of at least `least`.
  [[nodiscard]] std::int64_t integer_at_least(const std::string& key, std::int64_t least,
                                              std::int64_t fallback) const;
  /// A finite number greater than zero.
  [[nodiscard]] double positive(const std::string& key, double fallback) const;
  /// A finite number of at least `least`.
  [[nodiscard]] double number_at_least(const std::string& key, double least, double fallback) const;

  /// This table with the keys of `overrides` (recursively) put over it: a [[run]] over the study's
  /// tables.
  [[nodiscard]] Settings with(const Settings& overrides) const;

  /// Did anyone ask this table, apart from those it was made of by with(), for a dotted key such as
  /// "optimizer.momentum"? Local.
  [[nodiscard]] bool was_asked(const std::string& key) const;

  /// The lists of values of a [sweep] table, by the last parts of their keys: dotted ones such as
  /// "train.batch" (quoted, or as tables within tables), apart from the plain keys `others`.
  /// Throws ConfigurationError for anything else.
  [[nodiscard]] std::vector<Axis> axes(const std::vector<std::string>& others) const;

  /// Throws ConfigurationError about `key` at its line: "FILE:LINE: [table] key: message".
  [[noreturn]] void fail(const std::string& key, const std::string& message) const;

  /// After everything was read: throws for the first key of the whole file that nobody asked for.
  void reject_unknown() const;
  /// Remembers that what `key` names is to be read: a file, or a folder.
  void expect_file(const std::string& key, const std::string& path) const;
  void expect_folder(const std::string& key, const std::string& path) const;
  /// Throws ConfigurationError for the first expected path that is not there, or is a folder in
  /// place of a file, or the reverse. Local: looks at this rank's file system.
  void reject_missing_paths() const;
  /// TOML text of every value used, defaults included, in a fixed order.
  [[nodiscard]] std::string resolved() const;

 private:
  struct State;
  struct Node;
  struct Entry;
  struct Parser;
  struct Reader;
  std::shared_ptr<State> state_;
  std::shared_ptr<Node> node_;
  Settings(std::shared_ptr<State> state, std::shared_ptr<Node> node);
};

/// One key that is swept over.
struct Settings::Axis {
  std::string key;                 ///< "train.batch"
  std::vector<std::string> texts;  ///< each value in words that fit a name
  std::vector<Settings> points;    ///< each value as overrides, for with()
};

}  // namespace thalweg
