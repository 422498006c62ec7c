#pragma once

#include <map>
#include <string>
#include <vector>

#include "records/file_seal.hpp"
#include "records/hdf5_dataset.hpp"
#include "records/record.hpp"

namespace thalweg {

/// A dataset of a file: everything but its values.
struct ArrayOutline {
  hdf5::DatasetOutline what;
  std::vector<std::string> dimensions;  ///< "" where an axis has no scale
  Attributes attributes;                ///< units, long_name and what else there is
};

/// A record opened for reading, part by part: for files too large to be held whole. Local.
class RecordFile {
 public:
  /// Throws Error naming the file and what is wrong with it.
  explicit RecordFile(const std::string& path);

  [[nodiscard]] const std::string& path() const { return path_; }
  /// Whether a checksum proves its bytes: whole or absent, for a broken one is refused.
  [[nodiscard]] Seal seal() const { return seal_; }
  [[nodiscard]] const Attributes& attributes() const { return attributes_; }
  /// Groups by absolute path, those without attributes too.
  [[nodiscard]] const std::map<std::string, Attributes>& groups() const { return groups_; }
  [[nodiscard]] const std::map<std::string, ArrayOutline>& arrays() const { return arrays_; }
  [[nodiscard]] const std::map<std::string, std::string>& external_links() const { return links_; }

  /// One array, whole.
  [[nodiscard]] Array read(const std::string& name) const;
  /// Rows [begin, end) of an array's first axis.
  [[nodiscard]] ArrayValues read_rows(const std::string& name, std::int64_t begin,
                                      std::int64_t end) const;

 private:
  void visit(const std::string& name);
  std::string path_;
  Seal seal_ = Seal::absent;
  hdf5::Handle file_;
  Attributes attributes_;
  std::map<std::string, Attributes> groups_;
  std::map<std::string, ArrayOutline> arrays_;
  std::map<std::string, std::string> links_;
};

/// All of an opened file. Local. Throws Error.
Record read_record(const RecordFile& file);

}  // namespace thalweg
