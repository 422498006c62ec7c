#include "records/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>

#include "base/error.hpp"
#include "records/begun_file.hpp"
#include "records/diff.hpp"
#include "records/provenance.hpp"
#include "records/record_file.hpp"
#include "records/schema.hpp"
#include "records/verify_configuration.hpp"
#include "records/verify_gram.hpp"

namespace thalweg {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kReadElements = std::int64_t{1} << 23;

std::string group_of(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

std::string text_of(const Attributes& attributes, const std::string& name) {
  const auto found = attributes.find(name);
  if (found == attributes.end()) return {};
  const auto* text = std::get_if<std::string>(&found->second);
  return text == nullptr ? std::string() : *text;
}

class Verification {
 public:
  Verification(const RecordFile& file, std::vector<std::string>& faults)
      : file_(file), faults_(faults) {}

  void run() {
    const Schema* schema = check_schema();
    if (schema != nullptr) check_required(*schema);
    for (const auto& [name, outline] : file_.arrays()) {
      check_labels(name, outline);
      check_finite(name, outline);
    }
    check_trajectory();
    if (text_of(file_.attributes(), "schema") == kGramSchema) {
      verify_gram(file_, [&](const std::string& what) { fault(what); });
    }
    check_snapshots();
    for (const auto& [name, target] : file_.external_links()) check_link(name, target);
  }

 private:
  void fault(const std::string& what) {
    faults_.push_back(fmt::format("{}: {}", file_.path(), what));
  }

  const Schema* check_schema() {
    const auto& attributes = file_.attributes();
    const std::string name = text_of(attributes, "schema");
    const Schema* schema = find_schema(name);
    if (name.empty()) {
      fault("no root attribute schema: not a record of this suite");
    } else if (schema == nullptr) {
      fault(fmt::format("unknown schema \"{}\"", name));
    }
    const auto version = attributes.find("schema_version");
    if (version == attributes.end()) {
      fault("no root attribute schema_version");
    } else if (version->second != AttributeValue(kSchemaVersion)) {
      fault(fmt::format("schema_version is not {}", kSchemaVersion));
    }
    return schema;
  }

  void check_required(const Schema& schema) {
    const auto need = [&](const std::string& name) {
      if (!file_.attributes().contains(name)) fault(fmt::format("no root attribute {}", name));
    };
    for (const auto& name : provenance_names()) need(name);
    for (const auto& name : schema.attributes) need(name);
    for (const auto& name : schema.arrays) {
      if (!file_.arrays().contains(name)) fault(fmt::format("no dataset {}", name));
    }
    const bool any = schema.any_of.empty() ||
                     std::any_of(schema.any_of.begin(), schema.any_of.end(),
                                 [&](const auto& name) { return file_.groups().contains(name); });
    if (!any) fault(fmt::format("no group {}", schema.any_of.front()));
  }

  void check_labels(const std::string& name, const ArrayOutline& outline) {
    if (text_of(outline.attributes, "units").empty()) fault(name + ": no units");
    if (text_of(outline.attributes, "long_name").empty()) fault(name + ": no long_name");
    for (std::size_t axis = 0; axis < outline.dimensions.size(); ++axis) {
      if (outline.dimensions[axis].empty()) {
        fault(fmt::format("{}: axis {} has no dimension scale", name, axis));
      }
    }
  }

  /// 1 for every row of `name`'s first axes that a mask declares absent; nothing where there is no
  /// mask.
  std::optional<std::vector<std::uint8_t>> absent(const std::string& name,
                                                  const ArrayOutline& outline) {
    const std::string group = group_of(name);
    for (const auto& mask : {name + "_valid", group + "/valid", group + "/done"}) {
      const auto found = file_.arrays().find(mask);
      if (found == file_.arrays().end()) continue;
      const auto& shape = found->second.what.shape;
      if (shape.size() > outline.what.shape.size() ||
          !std::equal(shape.begin(), shape.end(), outline.what.shape.begin())) {
        continue;
      }
      const ArrayValues values = file_.read(mask).values;
      const auto* bytes = std::get_if<std::vector<std::uint8_t>>(&values);
      if (bytes == nullptr) continue;
      std::vector<std::uint8_t> missing;
      for (const auto there : *bytes) missing.push_back(there == 0 ? 1 : 0);
      return missing;
    }
    const auto status = file_.arrays().find("/summary/status");
    if (group != "/summary" || status == file_.arrays().end()) return std::nullopt;
    const ArrayValues values = file_.read("/summary/status").values;
    const auto* texts = std::get_if<std::vector<std::string>>(&values);
    const auto rows = hdf5::rows_of(outline.what.shape);
    if (texts == nullptr || static_cast<std::int64_t>(texts->size()) != rows) return std::nullopt;
    std::vector<std::uint8_t> missing;
    for (const auto& text : *texts) missing.push_back(text == kDiverged ? 1 : 0);
    return missing;
  }

  void check_finite(const std::string& name, const ArrayOutline& outline) {
    if (text_of(file_.attributes(), "status") == kDiverged) return;
    if (outline.what.empty.index() > 1) return;
    const auto mask = absent(name, outline);
    const std::int64_t all = hdf5::elements_of(outline.what.shape);
    const std::int64_t rows = hdf5::rows_of(outline.what.shape);
    if (all == 0) return;
    const std::int64_t per_mask =
        mask && !mask->empty() ? all / static_cast<std::int64_t>(mask->size()) : 1;
    const std::int64_t row = all / rows;
    const std::int64_t slab = std::max<std::int64_t>(1, kReadElements / row);
    for (std::int64_t at = 0; at < rows; at += slab) {
      const ArrayValues values = file_.read_rows(name, at, std::min(rows, at + slab));
      const std::int64_t bad = first_bad(values, mask, at * row, per_mask);
      if (bad < 0) continue;
      fault(fmt::format("{}: value {} is not finite", name, bad));
      return;
    }
  }

  static std::int64_t first_bad(const ArrayValues& values,
                                const std::optional<std::vector<std::uint8_t>>& mask,
                                std::int64_t offset, std::int64_t per_mask) {
    return std::visit(
        [&](const auto& v) -> std::int64_t {
          if constexpr (std::is_floating_point_v<typename std::decay_t<decltype(v)>::value_type>) {
            for (std::size_t i = 0; i < v.size(); ++i) {
              const std::int64_t at = offset + static_cast<std::int64_t>(i);
              const bool masked = mask && (*mask)[static_cast<std::size_t>(at / per_mask)] != 0;
              if (!masked && !std::isfinite(v[i])) return at;
            }
          }
          return -1;
        },
        values);
  }

  void check_trajectory() {
    std::string first;
    std::int64_t length = 0;
    for (const auto& [name, outline] : file_.arrays()) {
      if (group_of(name) != "/trajectory") continue;
      const std::int64_t rows = hdf5::rows_of(outline.what.shape);
      if (first.empty()) {
        first = name;
        length = rows;
      } else if (rows != length) {
        fault(fmt::format("{} has {} rows, {} has {}", name, rows, first, length));
      }
    }
  }

  /// DIR/runs/NAME.h5 lists what lies in DIR/snapshots/NAME.
  void check_snapshots() {
    if (!file_.arrays().contains(kSnapshotSteps)) return;
    const ArrayValues values = file_.read(kSnapshotSteps).values;
    const auto* steps = std::get_if<std::vector<std::int64_t>>(&values);
    if (steps == nullptr) {
      fault(fmt::format("{} holds no integers", kSnapshotSteps));
      return;
    }
    const fs::path run(file_.path());
    const fs::path folder =
        fs::absolute(run).parent_path().parent_path() / "snapshots" / run.stem();
    for (const auto step : *steps) {
      const fs::path file = folder / snapshot_name(step);
      if (!fs::exists(file)) fault(fmt::format("the snapshot {} is missing", file.string()));
    }
  }

  void check_link(const std::string& name, const std::string& target) {
    const fs::path file = fs::path(file_.path()).parent_path() / target;
    if (fs::path(target).is_absolute())
      fault(fmt::format("{}: link to the absolute path {}", name, target));
    try {
      const RecordFile linked(file.string());
    } catch (const Error& error) {
      fault(fmt::format("{}: broken link: {}", name, error.what()));
    }
  }

  const RecordFile& file_;
  std::vector<std::string>& faults_;
};

void verify_file(const std::string& path, std::vector<std::string>& faults) {
  try {
    const RecordFile file(path);
    if (file.seal() == Seal::absent) {
      faults.push_back(path + ": no checksum: cut short, or changed after it was written");
    }
    Verification(file, faults).run();
  } catch (const Error& error) {
    faults.emplace_back(error.what());
  }
}

}  // namespace

std::vector<std::string> verify_record(const std::string& path) {
  std::vector<std::string> faults;
  if (!fs::is_directory(path)) {
    verify_file(path, faults);
    return faults;
  }
  if (!fs::exists(fs::path(path) / "study.h5")) {
    faults.push_back(path + ": no study.h5: unfinished, or not a record");
  } else {
    try {
      verify_configuration(path, [&](const std::string& what) { faults.push_back(what); });
    } catch (const Error&) {
      // What is wrong with study.h5 is said of the file itself, below.
    }
  }
  verify_begun(path, [&](const std::string& what) { faults.push_back(what); });
  for (const auto& name : record_files(path)) {
    // A checkpoint is work in progress with a checksum of its own, not a part of the record.
    if (name.starts_with("checkpoints/")) continue;
    verify_file((fs::path(path) / name).string(), faults);
  }
  return faults;
}

}  // namespace thalweg
