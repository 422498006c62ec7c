#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/data_options.hpp"

namespace thalweg {

enum class Half { train, test };

/// Labelled images as their files have them: one byte a feature, images one after another.
struct LabelledImages {
  ImageShape shape;
  std::int64_t classes = 0;
  std::vector<std::int32_t> labels;
  std::vector<std::uint8_t> bytes;

  /// Keeps the first `count`; −1 keeps all. Throws ConfigurationError if there are fewer; `where`
  /// and `key` name the file and the setting in the message.
  void keep_first(std::int64_t count, const std::string& where, Half half);
};

/// Reads MNIST's files and those of the same form (Y. LeCun's IDX format): images and labels 0..9
/// from `folder`, plain or .gz, named train-images-idx3-ubyte or train-images.idx3-ubyte and so on.
/// Each file is checked to its end. Throws ConfigurationError. Local.
LabelledImages read_idx(const std::string& folder, Half half, std::int64_t count);

/// Reads CIFAR-10's binary version (Krizhevsky 2009): every data_batch_N.bin in order of N, or
/// test_batch.bin. Throws ConfigurationError. Local.
LabelledImages read_cifar10(const std::string& folder, Half half, std::int64_t count);

/// Reads CIFAR-100's binary version, train.bin or test.bin, with its 100 fine labels. Throws
/// ConfigurationError. Local.
LabelledImages read_cifar100(const std::string& folder, Half half, std::int64_t count);

}  // namespace thalweg
