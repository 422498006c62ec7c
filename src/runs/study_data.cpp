#include "runs/study_data.hpp"

#include <fmt/format.h>

#include "runs/beginning.hpp"

namespace thalweg {

namespace {

std::string text_of(const ColumnChoice& column) {
  return std::visit([](const auto& choice) { return fmt::format("{}", choice); }, column);
}

/// What is read from `path`, in words that do not depend on what is there. A study may read several
/// data sets: by other options of its [[run]] tables, or in another precision.
template <class Real>
std::string name_of(const DataOptions& options, const char* half, const std::string& path) {
  const DataOptions plain;
  std::string text = fmt::format("[data] {}{} ({} samples as float{}", options.source,
                                 path.empty() ? "" : " " + path, half, 8 * sizeof(Real));
  const auto add = [&](const char* key, const auto& value, const auto& usual) {
    if (value != usual) text += fmt::format(", {} {}", key, value);
  };
  add("train", options.train, plain.train);
  add("test", options.test, plain.test);
  add("image_size", options.image_size, plain.image_size);
  add("seed", options.seed, plain.seed);
  add("test_fraction", options.test_fraction, plain.test_fraction);
  add("label_column", text_of(options.label_column), text_of(plain.label_column));
  add("separator", options.separator, plain.separator);
  add("header", options.header, plain.header);
  add("layout", options.layout, plain.layout);
  add("split", options.split, plain.split);
  add("preprocess", comma_separated(options.preprocess), std::string());
  add("zca_epsilon", options.zca_epsilon, plain.zca_epsilon);
  return text + ")";
}

}  // namespace

template <class Real>
DataSet<Real> load_study_data(const DataOptions& options, const StudyContext& context,
                              const Communicator& team, const Log& log) {
  auto data = load_data<Real>(options, context.world, team, log);
  const auto value = [](const DataSplit<Real>& split, std::uint64_t hash) {
    return fmt::format("{} samples of checksum {}", split.size(), hexadecimal(hash));
  };
  const std::string& test_path = options.test_path.empty() ? options.path : options.test_path;
  hold_to_beginning(
      context,
      {{name_of<Real>(options, "training", options.path), value(data.train, data.train_hash)},
       {name_of<Real>(options, "test", test_path), value(data.test, data.test_hash)}});
  return data;
}

template DataSet<float> load_study_data(const DataOptions&, const StudyContext&,
                                        const Communicator&, const Log&);
template DataSet<double> load_study_data(const DataOptions&, const StudyContext&,
                                         const Communicator&, const Log&);

}  // namespace thalweg
