#include "data/array_halves.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.hpp"
#include "data/table_halves.hpp"
#include "records/hdf5_dataset.hpp"

namespace thalweg {

ImageShape sample_shape(const std::string& name, const std::vector<std::int64_t>& shape) {
  const auto text = hdf5::shape_text(shape);
  if (shape.size() < 2 || shape.size() > 4) {
    throw ConfigurationError(
        fmt::format("{}: shape {} found, expected samples × features, samples × height × width or "
                    "samples × channels × height × width",
                    name, text));
  }
  constexpr std::int64_t most = std::int64_t{1} << 31;
  std::int64_t features = 1;
  for (std::size_t k = 0; k < shape.size(); ++k) {
    if (shape[k] < 1 || shape[k] > most || (k > 0 && (features *= shape[k]) > most)) {
      throw ConfigurationError(
          fmt::format("{}: shape {} found, expected sizes of at least 1 and at most 2^31 features",
                      name, text));
    }
  }
  check_table_size(name, shape[0], features);
  switch (shape.size()) {
    case 2:
      return {1, 1, shape[1]};
    case 3:
      return {1, shape[1], shape[2]};
    default:
      return {shape[1], shape[2], shape[3]};
  }
}

void check_label_shape(const ArrayHalf& half, const std::vector<std::int64_t>& y_shape) {
  if (y_shape.size() == 1 && y_shape[0] == half.x_shape[0]) return;
  throw ConfigurationError(fmt::format("{}: shape {} found, expected {}, as many as {} has samples",
                                       half.y_name, hdf5::shape_text(y_shape), half.x_shape[0],
                                       half.x_name));
}

namespace {

/// From pixels × channels to channels × pixels in each sample.
template <class Value>
void transpose_samples(std::vector<Value>& values, std::int64_t pixels, std::int64_t channels) {
  const auto features = static_cast<std::size_t>(pixels * channels);
  std::vector<Value> sample(features);
  for (std::size_t begin = 0; begin < values.size(); begin += features) {
    for (std::int64_t c = 0; c < channels; ++c) {
      for (std::int64_t p = 0; p < pixels; ++p) {
        sample[static_cast<std::size_t>(c * pixels + p)] =
            values[begin + static_cast<std::size_t>(p * channels + c)];
      }
    }
    std::copy(sample.begin(), sample.end(), values.begin() + static_cast<std::ptrdiff_t>(begin));
  }
}

void bring_channels_first(ArrayHalf& half) {
  auto& shape = half.x_shape;
  if (shape.size() != 4) return;
  transpose_samples(half.bytes, shape[1] * shape[2], shape[3]);
  transpose_samples(half.numbers, shape[1] * shape[2], shape[3]);
  std::rotate(shape.begin() + 1, shape.begin() + 3, shape.end());
}

std::string layout_notice(const ArrayHalf& half) {
  const auto& shape = half.x_shape;
  const auto usual = [](std::int64_t channels) { return channels == 1 || channels == 3; };
  if (shape.size() != 4 || !usual(shape[3]) || usual(shape[1])) return {};
  return fmt::format(
      "{}: shape {} is read as {} channels of {} x {} pixels; if the channels come last, say so by "
      "[data] layout = \"channels_last\" (\"channels_first\" confirms the former)",
      half.x_name, hdf5::shape_text(shape), shape[1], shape[2], shape[3]);
}

LabelledSamples checked(ArrayHalf half) {
  LabelledSamples samples;
  samples.shape = sample_shape(half.x_name, half.x_shape);
  const auto features = samples.shape.features();
  for (std::size_t k = 0; k < half.numbers.size(); ++k) {
    if (std::isfinite(half.numbers[k])) continue;
    const auto at = static_cast<std::int64_t>(k);
    throw ConfigurationError(
        fmt::format("{}: sample {}, feature {}: found {}, expected a finite "
                    "number",
                    half.x_name, at / features, at % features, half.numbers[k]));
  }
  samples.labels.reserve(half.labels.size());
  for (std::size_t i = 0; i < half.labels.size(); ++i) {
    if (half.labels[i] < 0 || half.labels[i] >= kMostClasses) {
      throw ConfigurationError(
          fmt::format("{}: label {} of sample {} is out of range; expected 0 "
                      "to {}",
                      half.y_name, half.labels[i], i, kMostClasses - 1));
    }
    samples.labels.push_back(static_cast<std::int32_t>(half.labels[i]));
    samples.classes = std::max(samples.classes, half.labels[i] + 1);
  }
  samples.bytes = std::move(half.bytes);
  samples.numbers = std::move(half.numbers);
  return samples;
}

}  // namespace

SampleHalves array_halves(ArrayHalf train, ArrayHalf test, const std::string& layout) {
  const std::string notice = layout.empty() ? layout_notice(train) : std::string();
  if (layout == "channels_last") {
    bring_channels_first(train);
    bring_channels_first(test);
  }
  const std::string train_name = train.x_name;
  const std::string test_name = test.x_name;
  const std::string labels = train.y_name;
  if (train.bytes.empty() != test.bytes.empty()) {
    throw ConfigurationError(
        fmt::format("{} and {}: one holds unsigned bytes, which are divided "
                    "by 255, the other does not",
                    train_name, test_name));
  }
  SampleHalves halves{checked(std::move(train)), checked(std::move(test))};
  if (halves.train.shape != halves.test.shape) {
    throw ConfigurationError(
        fmt::format("{}: samples of another shape than in {}", test_name, train_name));
  }
  const auto classes = std::max(halves.train.classes, halves.test.classes);
  if (classes < 2) {
    throw ConfigurationError(labels + ": all labels are 0, expected at least two classes");
  }
  halves.train.classes = classes;
  halves.test.classes = classes;
  if (!notice.empty()) halves.notices.push_back(notice);
  return halves;
}

}  // namespace thalweg
