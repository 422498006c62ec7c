#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace thalweg {

/// Shape of a sample; features are channel-major as in CIFAR: feature = (channel·height + y)·width
/// + x.
struct ImageShape {
  std::int64_t channels = 1;
  std::int64_t height = 1;
  std::int64_t width = 1;
  [[nodiscard]] std::int64_t features() const { return channels * height * width; }
  friend bool operator==(const ImageShape&, const ImageShape&) = default;
};

/// Where the rows are kept.
enum class Placement {
  node,     ///< one copy a node, in memory that its ranks share
  sharded,  ///< spread over the ranks of a team; rows are exchanged when fetched
};

/// A column of a table: its number from 0, from −1 backwards; or a text, which is a name of the
/// header, or else a number.
using ColumnChoice = std::variant<std::int64_t, std::string>;

/// What the [data] table of a study says.
struct DataOptions {
  std::string source = "glyphs";
  std::string path;              ///< file (csv, libsvm, hdf5) or folder; unused by glyphs
  std::int64_t train = -1;       ///< the first so many training samples; -1: all (glyphs: 10000)
  std::int64_t test = -1;        ///< likewise for testing (glyphs: 2000)
  std::int64_t image_size = 28;  ///< glyphs: height and width in pixels, at least 8
  std::uint64_t seed =
      0;                  ///< glyphs: which data set of all possible ones; csv, libsvm: which split
  std::string test_path;  ///< csv, libsvm: the file of test samples; empty: split `path`
  double test_fraction = 0.0;  ///< csv, libsvm without test_path; 0: `test` samples
  ColumnChoice label_column = std::int64_t{-1};  ///< csv
  std::string separator = "comma";               ///< csv: comma, semicolon, tab or space
  std::string header = "auto";                   ///< csv: auto, yes or no
  /// npy, hdf5: where images have their channels, channels_first or channels_last; empty: first,
  /// with a notice where the sizes look otherwise.
  std::string layout;
  std::int64_t split = 0;               ///< uci: the hold-out pair, 0 to 3
  std::vector<std::string> preprocess;  ///< steps, in order
  double zca_epsilon = 1e-5;            ///< of the step zca, relative to the mean eigenvalue
  Placement placement = Placement::node;
};

/// Names that `source` accepts.
const std::vector<std::string>& data_sources();
/// Whether the samples of a source are one file, cut into halves unless test_path names another.
bool is_table(const std::string& source);
/// Whether `path` is a file for this source, not a folder.
bool path_is_file(const std::string& source);
/// Whether a source is of arrays with axes, whose images have a `layout`.
bool has_layout(const std::string& source);
/// Names that `layout` accepts.
const std::vector<std::string>& image_layouts();
/// Names that `separator` and `header` accept.
const std::vector<std::string>& csv_separators();
const std::vector<std::string>& csv_headers();
/// Names that `preprocess` accepts.
const std::vector<std::string>& preprocess_steps();
/// "a, b, c".
std::string comma_separated(const std::vector<std::string>& names);
/// Throws ConfigurationError for an unknown name or a count out of range. Local; touches no file.
void check_data_options(const DataOptions& options);

}  // namespace thalweg
