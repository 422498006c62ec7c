#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/error.hpp"
#include "data/fields.hpp"
#include "data/ratings.hpp"
#include "data/text_lines.hpp"

namespace thalweg {

namespace {

constexpr std::int64_t kLargestIdentity = 2147483647;
constexpr std::array kColumns{"userId", "movieId", "rating"};
constexpr const char* kHeader = "a header with the columns userId, movieId and rating";

struct Rating {
  std::int64_t user;
  std::int64_t item;
  double value;
  std::int64_t line;
};

/// Where a line has its user, item and rating.
struct Layout {
  std::string separator;
  bool named = false;  ///< the first line is a header
  std::size_t fields = 0;
  std::array<std::size_t, 3> at{0, 1, 2};
};

/// What stands between the fields of the first line: commas or semicolons of a csv file, "::" of
/// ratings.dat, blanks or tabs of u.data.
std::string ratings_separator(std::string_view first) {
  for (const char* separator : {",", "::", ";"}) {
    if (first.find(separator) != std::string_view::npos) return separator;
  }
  return " ";
}

/// Fills in where a header has the three columns.
void find_columns(const std::vector<std::string>& names, std::string_view header,
                  const TextLines& lines, Layout& layout) {
  std::string missing;
  for (std::size_t k = 0; k < kColumns.size(); ++k) {
    const auto count = std::count(names.begin(), names.end(), kColumns[k]);
    if (count > 1) lines.fail(fmt::format("{} columns are named {}", count, kColumns[k]));
    if (count == 0) missing += fmt::format("{}{}", missing.empty() ? "" : ", ", kColumns[k]);
    layout.at[k] = static_cast<std::size_t>(std::find(names.begin(), names.end(), kColumns[k]) -
                                            names.begin());
  }
  if (!missing.empty()) {
    lines.fail(
        fmt::format("found {}, expected {}: there is no {}", quotation(header), kHeader, missing));
  }
}

Layout layout_of(std::string_view first, const TextLines& lines) {
  Layout layout{ratings_separator(first)};
  const auto fields = fields_of(first, layout.separator, lines);
  layout.fields = fields.size();
  const bool names_one = std::find_first_of(fields.begin(), fields.end(), kColumns.begin(),
                                            kColumns.end()) != fields.end();
  // Without a header the order is that of MovieLens' files, which have no commas.
  layout.named = names_one || layout.separator == "," || layout.separator == ";";
  if (layout.named) {
    find_columns(fields, first, lines, layout);
  } else if (layout.fields < kColumns.size()) {
    lines.fail(
        fmt::format("found {}, expected a user, an item and a rating with tabs or \"::\" between "
                    "them, or {} with commas between them",
                    quotation(first), kHeader));
  }
  return layout;
}

std::int64_t identity(std::string_view text, const char* what, const TextLines& lines) {
  const auto number = integer_of(text);
  if (number && *number >= 1 && *number <= kLargestIdentity) return *number;
  lines.fail(fmt::format("{}: found {}, {}expected an integer from 1 to {}", what,
                         text.empty() ? std::string("nothing") : quotation(text),
                         number ? "which is out of range: " : "", kLargestIdentity));
}

std::vector<Rating> rated_lines(const std::string& path) {
  TextLines lines(path);
  auto line = lines.next();
  if (!line) lines.fail("found blank lines alone, expected ratings");
  const Layout layout = layout_of(*line, lines);
  if (layout.named) line = lines.next();
  if (!line) lines.fail("there are no ratings after the header");
  std::vector<Rating> ratings;
  std::vector<std::string> fields;
  for (; line; line = lines.next()) {
    cut_fields(*line, layout.separator, lines, fields);
    if (fields.size() != layout.fields) {
      lines.fail(fmt::format("found {} fields, expected {} as in the first line", fields.size(),
                             layout.fields));
    }
    ratings.push_back({identity(fields[layout.at[0]], "user", lines),
                       identity(fields[layout.at[1]], "item", lines),
                       finite_number(fields[layout.at[2]], "rating", lines), lines.number()});
  }
  return ratings;
}

/// Of ratings in ascending order, names the first line that rates again what was rated before.
void refuse_repeated(const std::vector<Rating>& ratings, const std::string& path) {
  std::size_t first = 0;
  for (std::size_t k = 1; k < ratings.size(); ++k) {
    if (ratings[k].user != ratings[k - 1].user || ratings[k].item != ratings[k - 1].item) continue;
    if (first == 0 || ratings[k].line < ratings[first].line) first = k;
  }
  if (first == 0) return;
  throw ConfigurationError(fmt::format("{}:{}: user {} rated item {} before, on line {}", path,
                                       ratings[first].line, ratings[first].user,
                                       ratings[first].item, ratings[first - 1].line));
}

/// An ascending list of the different values.
std::vector<std::int64_t> distinct(std::vector<std::int64_t> values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

std::int64_t index_in(const std::vector<std::int64_t>& ascending, std::int64_t value) {
  return std::lower_bound(ascending.begin(), ascending.end(), value) - ascending.begin();
}

}  // namespace

Ratings read_ratings(const std::string& path) {
  std::vector<Rating> rated = rated_lines(path);
  std::sort(rated.begin(), rated.end(), [](const Rating& a, const Rating& b) {
    return std::tie(a.user, a.item, a.line) < std::tie(b.user, b.item, b.line);
  });
  refuse_repeated(rated, path);
  std::vector<std::int64_t> users;
  std::vector<std::int64_t> items;
  for (const auto& rating : rated) {
    users.push_back(rating.user);
    items.push_back(rating.item);
  }
  Ratings ratings;
  ratings.users = distinct(std::move(users));
  ratings.items = distinct(std::move(items));
  ratings.entries.reserve(static_cast<std::int64_t>(rated.size()));
  for (const auto& rating : rated) {
    ratings.entries.add(index_in(ratings.users, rating.user), index_in(ratings.items, rating.item),
                        rating.value);
  }
  return ratings;
}

}  // namespace thalweg
