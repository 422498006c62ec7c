#include "records/diff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <filesystem>
#include <set>

#include "base/error.hpp"
#include "records/configuration_text.hpp"
#include "records/provenance.hpp"
#include "records/record_file.hpp"
#include "records/schema.hpp"

namespace thalweg {

namespace fs = std::filesystem;

namespace {

/// Rows are compared in slabs of about this many elements, so that a Gram matrix need not fit
/// twice.
constexpr std::int64_t kSlabElements = std::int64_t{1} << 23;

bool same_bits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}
bool same_bits(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}
template <class T>
bool same_bits(const T& a, const T& b) {
  return a == b;
}

struct ValueDifference {
  std::int64_t count = 0;
  std::int64_t first = 0;
  double largest = 0.0;
  std::string example;

  template <class T>
  void compare(const std::vector<T>& a, const std::vector<T>& b, std::int64_t offset) {
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (same_bits(a[i], b[i])) continue;
      if (count++ == 0) {
        first = offset + static_cast<std::int64_t>(i);
        example = fmt::format("{} and {}", a[i], b[i]);
      }
      if constexpr (!std::is_same_v<T, std::string>) {
        const double difference = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
        // NaN against a number counts as infinitely far.
        largest = std::max(largest, std::isnan(difference) ? HUGE_VAL : difference);
      }
    }
  }
};

std::string attribute_text(const AttributeValue& value) {
  struct Visitor {
    std::string operator()(const std::string& text) const {
      return text.size() > 60 ? fmt::format("\"{}…\"", text.substr(0, 60))
                              : fmt::format("\"{}\"", text);
    }
    std::string operator()(std::int64_t number) const { return fmt::format("{}", number); }
    std::string operator()(double number) const { return fmt::format("{}", number); }
    std::string operator()(const std::vector<std::string>& texts) const {
      std::string all;
      for (const auto& text : texts) all += (all.empty() ? "" : ", ") + text;
      return all;
    }
  };
  return std::visit(Visitor{}, value);
}

bool same_attribute(const AttributeValue& a, const AttributeValue& b) {
  if (a.index() != b.index()) return false;
  if (const auto* number = std::get_if<double>(&a)) return same_bits(*number, std::get<double>(b));
  return a == b;
}

/// Of a configuration key by key, of anything else both values.
std::vector<std::string> differences_of(const std::string& name, const AttributeValue& a,
                                        const AttributeValue& b) {
  const auto* first = std::get_if<std::string>(&a);
  const auto* second = std::get_if<std::string>(&b);
  if (name == "config_resolved" && first != nullptr && second != nullptr) {
    auto keys = configuration_differences(*first, *second);
    if (!keys.empty()) return keys;
  }
  return {fmt::format("{} and {}", attribute_text(a), attribute_text(b))};
}

class Comparison {
 public:
  Comparison(std::string file, const RecordFile& a, const RecordFile& b,
             std::vector<Difference>& all)
      : file_(std::move(file)), a_(a), b_(b), all_(all) {}

  void run() {
    attributes("", a_.attributes(), b_.attributes(), false);
    for (const auto& name : keys(a_.groups(), b_.groups())) {
      const bool timing = is_timing(name + "/");
      const auto kind = timing ? Difference::Kind::timing : Difference::Kind::content;
      if (!a_.groups().contains(name) || !b_.groups().contains(name)) {
        one_side(kind, name, "group", a_.groups().contains(name));
      } else {
        attributes(name, a_.groups().at(name), b_.groups().at(name), timing);
      }
    }
    for (const auto& name : keys(a_.external_links(), b_.external_links())) {
      const bool in_a = a_.external_links().contains(name);
      if (!in_a || !b_.external_links().contains(name)) {
        one_side(Difference::Kind::content, name, "link", in_a);
      } else if (a_.external_links().at(name) != b_.external_links().at(name)) {
        add(Difference::Kind::content, name,
            fmt::format("links to {} and {}", a_.external_links().at(name),
                        b_.external_links().at(name)));
      }
    }
    for (const auto& name : keys(a_.arrays(), b_.arrays())) array(name);
  }

 private:
  template <class Map>
  static std::set<std::string> keys(const Map& a, const Map& b) {
    std::set<std::string> all;
    for (const auto& [key, value] : a) all.insert(key);
    for (const auto& [key, value] : b) all.insert(key);
    return all;
  }

  void add(Difference::Kind kind, const std::string& path, const std::string& what) {
    all_.push_back({kind, file_, path, what});
  }
  void one_side(Difference::Kind kind, const std::string& path, const char* thing, bool in_a) {
    add(kind, path,
        fmt::format("the {} is missing in the {} record", thing, in_a ? "second" : "first"));
  }

  void attributes(const std::string& owner, const Attributes& a, const Attributes& b, bool timing) {
    for (const auto& name : keys(a, b)) {
      const auto kind = owner.empty() && is_provenance(name) ? Difference::Kind::provenance
                        : timing                             ? Difference::Kind::timing
                                                             : Difference::Kind::content;
      const std::string path = fmt::format("{} attribute {}", owner.empty() ? "/" : owner, name);
      if (!a.contains(name) || !b.contains(name)) {
        one_side(kind, path, "attribute", a.contains(name));
      } else if (!same_attribute(a.at(name), b.at(name))) {
        for (const auto& what : differences_of(name, a.at(name), b.at(name))) add(kind, path, what);
      }
    }
  }

  void array(const std::string& name) {
    const auto kind = is_timing(name) ? Difference::Kind::timing : Difference::Kind::content;
    if (!a_.arrays().contains(name) || !b_.arrays().contains(name)) {
      one_side(kind, name, "dataset", a_.arrays().contains(name));
      return;
    }
    const ArrayOutline& a = a_.arrays().at(name);
    const ArrayOutline& b = b_.arrays().at(name);
    attributes(name, a.attributes, b.attributes, is_timing(name));
    if (a.dimensions != b.dimensions) add(kind, name, "the axes have other names");
    if (a.what.empty.index() != b.what.empty.index()) {
      add(kind, name, "of different types");
      return;
    }
    if (a.what.shape != b.what.shape) {
      add(kind, name,
          fmt::format("shape {} and {}", hdf5::shape_text(a.what.shape),
                      hdf5::shape_text(b.what.shape)));
      return;
    }
    values(kind, name, a.what.shape);
  }

  void values(Difference::Kind kind, const std::string& name,
              const std::vector<std::int64_t>& shape) {
    const std::int64_t rows = hdf5::rows_of(shape);
    const std::int64_t row =
        rows == 0 ? 1 : std::max<std::int64_t>(1, hdf5::elements_of(shape) / rows);
    const std::int64_t slab = std::max<std::int64_t>(1, kSlabElements / row);
    ValueDifference found;
    for (std::int64_t at = 0; at < rows; at += slab) {
      const std::int64_t end = std::min(rows, at + slab);
      const ArrayValues first = a_.read_rows(name, at, end);
      const ArrayValues second = b_.read_rows(name, at, end);
      std::visit(
          [&](const auto& v) {
            found.compare(v, std::get<std::decay_t<decltype(v)>>(second), at * row);
          },
          first);
    }
    if (found.count == 0) return;
    const std::string largest =
        std::holds_alternative<std::vector<std::string>>(a_.arrays().at(name).what.empty)
            ? std::string()
            : fmt::format(", largest difference {:.3g}", found.largest);
    add(kind, name,
        fmt::format("{} of {} values differ{}; the first at {}: {}", found.count,
                    hdf5::elements_of(shape), largest, found.first, found.example));
  }

  std::string file_;
  const RecordFile& a_;
  const RecordFile& b_;
  std::vector<Difference>& all_;
};

void diff_files(const std::string& name, const std::string& a, const std::string& b,
                std::vector<Difference>& all) {
  const RecordFile first(a);
  const RecordFile second(b);
  Comparison(name, first, second, all).run();
}

}  // namespace

std::vector<std::string> record_files(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && entry.path().extension() == ".h5") {
      names.push_back(fs::relative(entry.path(), folder).string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<Difference> diff_records(const std::string& a, const std::string& b) {
  for (const auto& path : {a, b}) {
    if (!fs::exists(path)) throw Error(path + ": no such file or folder");
  }
  std::vector<Difference> all;
  if (!fs::is_directory(a) && !fs::is_directory(b)) {
    diff_files("", a, b, all);
    return all;
  }
  if (!fs::is_directory(a) || !fs::is_directory(b)) {
    throw Error(fmt::format("{} and {}: a file and a folder cannot be compared", a, b));
  }
  const auto in_a = record_files(a);
  const auto in_b = record_files(b);
  if (in_a.empty() && in_b.empty())
    throw Error(fmt::format("{} and {}: no .h5 file below either", a, b));
  std::set<std::string> names(in_a.begin(), in_a.end());
  names.insert(in_b.begin(), in_b.end());
  for (const auto& name : names) {
    const bool first = std::binary_search(in_a.begin(), in_a.end(), name);
    const bool second = std::binary_search(in_b.begin(), in_b.end(), name);
    if (first && second) {
      diff_files(name, (fs::path(a) / name).string(), (fs::path(b) / name).string(), all);
    } else {
      all.push_back(
          {Difference::Kind::content, name, "",
           fmt::format("the file is missing in the {} record", first ? "second" : "first")});
    }
  }
  return all;
}

bool differ_in_content(const std::vector<Difference>& differences) {
  return std::any_of(differences.begin(), differences.end(), [](const Difference& difference) {
    return difference.kind == Difference::Kind::content;
  });
}

}  // namespace thalweg
