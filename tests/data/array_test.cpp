#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "data/sample_files.hpp"
#include "data/support.hpp"
#include "records/hdf5_handle.hpp"
#include "records/record.hpp"

namespace thalweg {
namespace {

using testing_data::Bytes;
using testing_data::expect_refusal;
using testing_data::TemporaryFolder;

template <class T>
Bytes raw(const std::vector<T>& values) {
  Bytes bytes(values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

/// A file as numpy.save writes it.
Bytes npy(const std::string& type, const std::string& shape, const Bytes& payload, int version = 1,
          const std::string& order = "False") {
  std::string header =
      "{'descr': '" + type + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }";
  header.resize(118 - (version == 1 ? 0 : 2) - 1, ' ');
  header += '\n';
  Bytes bytes{0x93, 'N', 'U', 'M', 'P', 'Y', static_cast<std::uint8_t>(version), 0};
  bytes.push_back(static_cast<std::uint8_t>(header.size()));
  bytes.push_back(0);
  if (version > 1) bytes.insert(bytes.end(), 2, 0);
  bytes.insert(bytes.end(), header.begin(), header.end());
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  return bytes;
}

class NpyTest : public ::testing::Test {
 protected:
  NpyTest() {
    folder_.write("train_x.npy", npy("<f4", "(2, 3)", raw<float>({0.5F, 1, 2, 3, 4, -0.25F})));
    folder_.write("train_y.npy", npy("<i8", "(2,)", raw<std::int64_t>({2, 0})));
    folder_.write("test_x.npy", npy("<f8", "(1, 3)", raw<double>({0.1, 0.2, 0.3}), 2));
    folder_.write("test_y.npy", npy("|u1", "(1,)", {1}));
    options_.source = "npy";
    options_.path = folder_.path();
  }
  SampleHalves read() { return read_npy(options_); }
  /// Expects a refusal of `bytes` in the place of a file, and puts the file back.
  void expect_refused(const std::string& name, const Bytes& bytes,
                      std::vector<std::string> pieces) {
    const Bytes before = folder_.read(name);
    folder_.write(name, bytes);
    pieces.push_back(name);
    expect_refusal([&] { read(); }, pieces);
    folder_.write(name, before);
  }
  TemporaryFolder folder_;
  DataOptions options_;
};

TEST_F(NpyTest, ReadsBothVersionsAndPrecisions) {
  const auto halves = read();
  EXPECT_EQ(halves.train.numbers, (std::vector<double>{0.5, 1, 2, 3, 4, -0.25}));
  EXPECT_EQ(halves.test.numbers, (std::vector<double>{0.1, 0.2, 0.3}));
  EXPECT_EQ(halves.train.labels, (std::vector<std::int32_t>{2, 0}));
  EXPECT_EQ(halves.test.labels, (std::vector<std::int32_t>{1}));
  EXPECT_EQ(halves.train.classes, 3);
  EXPECT_EQ(halves.test.classes, 3);
  EXPECT_EQ(halves.train.shape, (ImageShape{1, 1, 3}));
}

TEST_F(NpyTest, ReadsImagesOfBytesAndOfIntegers) {
  folder_.write("train_x.npy", npy("|u1", "(2, 3, 1, 2)", Bytes(12, 51)));
  folder_.write("test_x.npy", npy("|u1", "(1, 3, 1, 2)", Bytes(6, 9)));
  const auto bytes = read();
  EXPECT_EQ(bytes.train.shape, (ImageShape{3, 1, 2}));
  EXPECT_EQ(bytes.train.bytes, Bytes(12, 51));
  EXPECT_TRUE(bytes.train.numbers.empty());
  folder_.write("train_x.npy", npy("<i2", "(2, 2, 1)", raw<std::int16_t>({-1, 2, 3, 300})));
  folder_.write("test_x.npy", npy("<u4", "(1, 2, 1)", raw<std::uint32_t>({7, 4000000000U})));
  const auto integers = read();
  EXPECT_EQ(integers.train.shape, (ImageShape{1, 2, 1}));
  EXPECT_EQ(integers.train.numbers, (std::vector<double>{-1, 2, 3, 300}));
  EXPECT_EQ(integers.test.numbers, (std::vector<double>{7, 4e9}));
  folder_.write("test_x.npy", npy("|i1", "(1, 2, 1)", {0x80, 0x7f}));
  EXPECT_EQ(read().test.numbers, (std::vector<double>{-128, 127}));
}

TEST_F(NpyTest, ChannelsMayComeLast) {
  // Two samples of 2 × 4 pixels and 3 channels, which count samples, channels and pixels.
  Bytes last;
  Bytes first;
  for (int n = 0; n < 2; ++n) {
    for (int p = 0; p < 8; ++p) {
      for (int c = 0; c < 3; ++c) last.push_back(static_cast<std::uint8_t>(100 * n + 10 * c + p));
    }
    for (int c = 0; c < 3; ++c) {
      for (int p = 0; p < 8; ++p) first.push_back(static_cast<std::uint8_t>(100 * n + 10 * c + p));
    }
  }
  folder_.write("train_x.npy", npy("|u1", "(2, 2, 4, 3)", last));
  folder_.write("test_x.npy", npy("|u1", "(1, 2, 4, 3)", Bytes(last.begin(), last.begin() + 24)));
  const auto guessed = read();
  EXPECT_EQ(guessed.train.shape, (ImageShape{2, 4, 3}));
  ASSERT_EQ(guessed.notices.size(), 1U);
  for (const char* piece :
       {"train_x.npy", "2 × 2 × 4 × 3", "2 channels of 4 x 3", "channels_last"}) {
    EXPECT_NE(guessed.notices[0].find(piece), std::string::npos) << guessed.notices[0];
  }
  options_.layout = "channels_first";
  EXPECT_TRUE(read().notices.empty());
  options_.layout = "channels_last";
  const auto halves = read();
  EXPECT_TRUE(halves.notices.empty());
  EXPECT_EQ(halves.train.shape, (ImageShape{3, 2, 4}));
  EXPECT_EQ(halves.train.bytes, first);
  EXPECT_EQ(halves.test.bytes, Bytes(first.begin(), first.begin() + 24));
  // Without a channel axis there is nothing to bring first; usual channels in front need no notice.
  folder_.write("train_x.npy", npy("|u1", "(2, 8, 3)", last));
  folder_.write("test_x.npy", npy("|u1", "(1, 8, 3)", Bytes(24)));
  EXPECT_EQ(read().train.bytes, last);
  options_.layout.clear();
  EXPECT_TRUE(read().notices.empty());
  folder_.write("train_x.npy", npy("|u1", "(2, 1, 8, 3)", last));
  folder_.write("test_x.npy", npy("|u1", "(1, 1, 8, 3)", Bytes(24)));
  EXPECT_TRUE(read().notices.empty());
}

TEST_F(NpyTest, RefusesWhatIsBroken) {
  const auto six = raw<float>({1, 2, 3, 4, 5, 6});
  expect_refused("train_x.npy", {}, {"empty"});
  expect_refused("train_x.npy", Bytes(40, 'x'), {"magic"});
  expect_refused("train_x.npy", {0x93, 'N', 'U'}, {"truncated", "8 bytes", "found 3"});
  expect_refused("train_x.npy", npy("<f4", "(2, 3)", six, 3), {"version 3.0", "1.0 or 2.0"});
  expect_refused("train_x.npy", npy("<f4", "(2, 3)", six, 1, "True"), {"Fortran order", "C order"});
  expect_refused("train_x.npy", npy(">f4", "(2, 3)", six), {"'>f4'", "little-endian"});
  expect_refused("train_x.npy", npy("<c8", "(2, 3)", six), {"'<c8'", "float32"});
  expect_refused("train_x.npy", npy("|O", "(2, 3)", six), {"'|O'", "float32"});
  expect_refused("train_x.npy", npy("<f4", "(2, 3)", Bytes(six.begin(), six.end() - 1)),
                 {"truncated", "24 bytes", "found 23"});
  expect_refused("train_x.npy", npy("<f4", "(2, 3)", Bytes(25)), {"longer than"});
  expect_refused("train_x.npy", npy("<f4", "(2, 1000000)", six), {"truncated", "announces"});
  expect_refused("train_x.npy", npy("<f4", "(9999999999, 9999999999)", six), {"2^31"});
  expect_refused("train_x.npy", npy("<f4", "(6,)", six), {"shape 6", "features"});
  expect_refused("train_x.npy", npy("<f4", "(1, 1, 1, 2, 3)", six), {"1 × 1 × 1 × 2 × 3"});
  expect_refused("train_x.npy", npy("<f4", "(0, 3)", {}), {"0 × 3", "at least 1"});
  expect_refused("train_x.npy", npy("<f4", "(2, -3)", six), {"\"-3\"", "sizes"});
  expect_refused("train_x.npy", npy("<f4", "2", six), {"tuple"});
  const float nan = std::numeric_limits<float>::quiet_NaN();
  expect_refused("train_x.npy", npy("<f4", "(2, 3)", raw<float>({1, 2, 3, 4, nan, 6})),
                 {"sample 1, feature 1", "nan", "finite"});
  expect_refused("test_x.npy", npy("<f4", "(1, 2)", raw<float>({1, 2})), {"another shape"});
  expect_refused("test_x.npy", npy("|u1", "(1, 3)", {1, 2, 3}), {"unsigned bytes", "255"});
  Bytes header = npy("<f4", "(2, 3)", six);
  header[8] = 255;
  header[9] = 255;
  expect_refused("train_x.npy", header, {"truncated", "65535"});
}

TEST_F(NpyTest, RefusesBrokenLabels) {
  expect_refused("train_y.npy", npy("<f8", "(2,)", raw<double>({1, 0})), {"'<f8'", "integer"});
  expect_refused("train_y.npy", npy("<i4", "(2,)", raw<std::int32_t>({-1, 0})),
                 {"label -1 of sample 0", "0 to 65535"});
  expect_refused("train_y.npy", npy("<i4", "(2,)", raw<std::int32_t>({1, 65536})),
                 {"label 65536 of sample 1"});
  expect_refused("train_y.npy", npy("<i4", "(3,)", raw<std::int32_t>({1, 0, 1})),
                 {"shape 3", "expected 2", "train_x.npy"});
  expect_refused("train_y.npy", npy("<i4", "(2, 1)", raw<std::int32_t>({1, 0})), {"2 × 1"});
  options_.path = folder_ / "nowhere";
  expect_refusal([&] { read(); }, {"nowhere", "no such folder"});
}

TEST_F(NpyTest, RefusesAMissingFile) {
  std::filesystem::remove(folder_ / "test_y.npy");
  expect_refusal([&] { read(); }, {"test_y.npy", "no such file"});
}

class Hdf5Test : public ::testing::Test {
 protected:
  Hdf5Test() {
    put("/train/x", std::vector<float>{1, 2, 3, 4.5F}, {2, 2});
    put("/train/y", std::vector<std::int64_t>{1, 0}, {2});
    put("/test/x", std::vector<double>{7, 8}, {1, 2});
    put("/test/y", std::vector<std::uint8_t>{2}, {1});
    options_.source = "hdf5";
    options_.path = folder_ / "data.h5";
  }
  void put(const std::string& path, ArrayValues values, std::vector<std::int64_t> shape) {
    Array array;
    array.values = std::move(values);
    for (std::size_t k = 0; k < shape.size(); ++k) {
      array.dimensions.push_back(path.substr(path.rfind('/') + 1) + std::to_string(k));
    }
    array.shape = std::move(shape);
    record_.arrays[path] = std::move(array);
  }
  SampleHalves read() {
    write_record(options_.path, record_);
    return read_hdf5(options_);
  }
  TemporaryFolder folder_;
  Record record_;
  DataOptions options_;
};

TEST_F(Hdf5Test, ReadsFloatsIntegersAndBytes) {
  const auto halves = read();
  EXPECT_EQ(halves.train.numbers, (std::vector<double>{1, 2, 3, 4.5}));
  EXPECT_EQ(halves.test.numbers, (std::vector<double>{7, 8}));
  EXPECT_EQ(halves.train.labels, (std::vector<std::int32_t>{1, 0}));
  EXPECT_EQ(halves.test.classes, 3);
  put("/train/x", Bytes{1, 2, 3, 4, 5, 6, 7, 8}, {2, 1, 2, 2});
  put("/test/x", Bytes{9, 10, 11, 12}, {1, 1, 2, 2});
  const auto images = read();
  EXPECT_EQ(images.train.shape, (ImageShape{1, 2, 2}));
  EXPECT_EQ(images.train.bytes, (Bytes{1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST_F(Hdf5Test, ChannelsMayComeLast) {
  put("/train/x", std::vector<double>{0, 10, 20, 1, 11, 21}, {1, 2, 1, 3});
  put("/train/y", std::vector<std::int64_t>{1}, {1});
  put("/test/x", std::vector<double>{5, 6, 7, 8, 9, 10}, {1, 2, 1, 3});
  EXPECT_EQ(read().notices.size(), 1U);
  options_.layout = "channels_last";
  const auto halves = read();
  EXPECT_EQ(halves.train.shape, (ImageShape{3, 2, 1}));
  EXPECT_EQ(halves.train.numbers, (std::vector<double>{0, 1, 10, 11, 20, 21}));
}

TEST_F(Hdf5Test, RefusesWhatIsBroken) {
  const Record whole = record_;
  record_.arrays.erase("/test/y");
  expect_refusal([&] { read(); }, {"data.h5", "no dataset /test/y", "/train/x"});
  record_ = whole;
  put("/train/y", std::vector<double>{1, 0}, {2});
  expect_refusal([&] { read(); }, {"data.h5/train/y", "no integers"});
  put("/train/y", std::vector<std::int64_t>{1, -7}, {2});
  expect_refusal([&] { read(); }, {"data.h5/train/y", "label -7 of sample 1"});
  put("/train/y", std::vector<std::int64_t>{1, 0, 1}, {3});
  expect_refusal([&] { read(); }, {"data.h5/train/y", "shape 3", "expected 2"});
  record_ = whole;
  put("/train/x", std::vector<std::string>{"a", "b", "c", "d"}, {2, 2});
  expect_refusal([&] { read(); }, {"data.h5/train/x", "neither integers nor"});
  put("/train/x", std::vector<double>{1, 2, std::numeric_limits<double>::infinity(), 4}, {2, 2});
  expect_refusal([&] { read(); }, {"data.h5/train/x", "sample 1, feature 0", "inf"});
  put("/train/x", std::vector<double>{1, 2}, {2});
  expect_refusal([&] { read(); }, {"data.h5/train/x", "shape 2", "samples × features"});
  folder_.write("data.h5", Bytes(100, 1));
  expect_refusal([&] { read_hdf5(options_); }, {"data.h5", "HDF5"});
  folder_.write("data.h5", {});
  expect_refusal([&] { read_hdf5(options_); }, {"data.h5", "HDF5"});
  options_.path = folder_ / "nowhere.h5";
  expect_refusal([&] { read_hdf5(options_); }, {"nowhere.h5", "no such file"});
}

TEST_F(Hdf5Test, RefusesADatasetThatWasNeverWritten) {
  read();
  {
    const hdf5::Handle file(H5Fopen(options_.path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT), H5Fclose,
                            options_.path, "H5Fopen");
    ASSERT_GE(H5Ldelete(file.id(), "/train/x", H5P_DEFAULT), 0);
    const hsize_t extent[2] = {2, 50000000};
    const hdf5::Handle space(H5Screate_simple(2, extent, nullptr), H5Sclose, "",
                             "H5Screate_simple");
    const hdf5::Handle set(H5Dcreate2(file.id(), "/train/x", H5T_IEEE_F64LE, space.id(),
                                      H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                           H5Dclose, "", "H5Dcreate2");
  }
  expect_refusal([&] { read_hdf5(options_); },
                 {"data.h5/train/x", "100000000 numbers", "was it written"});
}

TEST_F(Hdf5Test, RefusesATruncatedFile) {
  read();
  Bytes bytes = folder_.read("data.h5");
  for (const std::size_t part : {3U, 2U}) {
    folder_.write("data.h5", Bytes(bytes.begin(), bytes.end() - bytes.size() / part));
    expect_refusal([&] { read_hdf5(options_); }, {"data.h5"});
  }
}

}  // namespace
}  // namespace thalweg
