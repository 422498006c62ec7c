#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/data_options.hpp"
#include "data/half.hpp"

namespace thalweg {

/// Labelled samples as their files have them, features of one sample after another: bytes of
/// images, or numbers.
struct LabelledSamples {
  ImageShape shape;
  std::int64_t classes = 0;
  std::vector<std::int32_t> labels;
  std::vector<std::uint8_t> bytes;  ///< samples × features, or empty
  std::vector<double> numbers;      ///< samples × features where the file is not of bytes

  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(labels.size()); }
  /// Keeps the first `count`; −1 keeps all. Throws ConfigurationError if there are fewer; `where`
  /// and `key` name the file and the setting in the message.
  void keep_first(std::int64_t count, const std::string& where, Half half);
  /// The samples of these numbers, in this order. Local.
  [[nodiscard]] LabelledSamples select(const std::vector<std::int64_t>& samples) const;
};

/// The two halves of a source whose files do not say which half they are alone.
struct SampleHalves {
  LabelledSamples train;
  LabelledSamples test;
  /// What the files call each class; empty: 0..classes−1.
  std::vector<std::string> class_names{};
  /// What was guessed, each for a line of the log.
  std::vector<std::string> notices{};
};

/// Reads a half of MNIST's files and those of the same form (Y. LeCun's IDX format): images and
/// labels 0..255, plain or .gz, named train-images-idx3-ubyte, t10k-labels.idx1-ubyte and so on,
/// with "test" for "t10k" and a prefix as EMNIST has (Cohen et al. 2017). `path` is the folder,
/// with the prefix if there are several: FOLDER/emnist-letters. `classes` is the largest label
/// plus 1. Each file is checked to its end. Throws ConfigurationError. Local.
LabelledSamples read_idx(const std::string& path, Half half);

/// Reads CIFAR-10's binary version (Krizhevsky 2009): every data_batch_N.bin in order of N, or
/// test_batch.bin. Throws ConfigurationError. Local.
LabelledSamples read_cifar10(const std::string& folder, Half half);

/// Reads CIFAR-100's binary version, train.bin or test.bin, with its 100 fine labels. Throws
/// ConfigurationError. Local.
LabelledSamples read_cifar100(const std::string& folder, Half half);

// The readers below take path, test_path, test_fraction, test, seed and what is theirs from the
// options; the caller keeps the first `train` and `test` of what they return. All are Local and
// throw ConfigurationError with file, line or sample, what was found and what was expected.

/// Reads a table of numbers with one column of labels: `separator`, `header` ("auto": what
/// csv_header.hpp judges the first line to be), `label_column`. Plain or .gz. Layout: README.md.
SampleHalves read_csv(const DataOptions& options);

/// Reads LIBSVM's sparse text, "label index:value …", indices from 1 and ascending; as many
/// features as the largest index of both files. Plain or .gz.
SampleHalves read_libsvm(const DataOptions& options);

/// Reads train_x.npy, train_y.npy, test_x.npy and test_y.npy from the folder `path` (format
/// versions 1 and 2, C order, little-endian); images by `layout`.
SampleHalves read_npy(const DataOptions& options);

/// Reads the datasets /train/x, /train/y, /test/x and /test/y of the HDF5 file `path`; images by
/// `layout`.
SampleHalves read_hdf5(const DataOptions& options);

/// Reads the hold-out pair `split` of a set in the form of Fernández-Delgado et al. (2014), see
/// uci_set.hpp.
SampleHalves read_uci(const DataOptions& options);

}  // namespace thalweg
