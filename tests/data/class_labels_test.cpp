#include "data/class_labels.hpp"

#include <gtest/gtest.h>

#include "data/data_set.hpp"
#include "data/load_raw.hpp"
#include "data/support.hpp"

namespace thalweg {
namespace {

using testing_data::Bytes;
using testing_data::idx_bytes;
using testing_data::TemporaryFolder;

Bytes bytes_of(const std::string& text) {
  return {text.begin(), text.end()};
}

TEST(UnseenLabels, AreNamedAsTheFilesNameThem) {
  const std::vector<std::int32_t> train{0, 2, 0};
  EXPECT_EQ(unseen_labels(train, std::vector<std::int32_t>{2, 0}, {}), "");
  EXPECT_EQ(unseen_labels(train, std::vector<std::int32_t>{1, 2, 3, 1}, {}),
            "no training sample has the labels 1, 3 of test samples (training labels: 0, 2)");
  EXPECT_EQ(unseen_labels(train, std::vector<std::int32_t>{1}, {"a", "b", "c"}),
            "no training sample has the label b of test samples (training labels: a, c)");
  std::vector<std::int32_t> many;
  for (std::int32_t k = 0; k < 40; ++k) many.push_back(k);
  EXPECT_NE(unseen_labels(train, many, {}).find("9, 10, 11, 28 more of test"), std::string::npos);
}

/// Every source with labels that its test part alone has.
class TestOnlyLabels : public ::testing::Test {
 protected:
  void SetUp() override { options_.path = folder_.path(); }
  /// Loads on this rank alone; returns what was said before it was refused, or "".
  std::string refusal() {
    testing::internal::CaptureStderr();
    bool refused = false;
    try {
      load_raw(options_, alone_, alone_);
    } catch (const ReportedError&) {
      refused = true;
    }
    const std::string said = testing::internal::GetCapturedStderr();
    return refused ? said : "";
  }
  void expect_refused(const std::vector<std::string>& pieces) {
    const std::string said = refusal();
    for (const auto& piece : pieces) EXPECT_NE(said.find(piece), std::string::npos) << said;
  }
  void csv(const std::string& train, const std::string& test) {
    folder_.write("train", bytes_of(train));
    folder_.write("test", bytes_of(test));
    options_.path = folder_ / "train";
    options_.test_path = folder_ / "test";
  }

  TemporaryFolder folder_;
  DataOptions options_;
  Communicator alone_ = Communicator::duplicate(MPI_COMM_SELF);
};

TEST_F(TestOnlyLabels, OfTables) {
  options_.source = "csv";
  csv("1,2,<=50K\n3,4,>50K\n", "1,2,<=50K.\n3,4,>50K.\n");
  expect_refused({"/test: no training sample has the labels \"<=50K.\", \">50K.\" of test samples",
                  "(training labels: \"<=50K\", \">50K\")"});
  options_.test = 1;  // the samples that are used count
  csv("1,2,a\n3,4,b\n", "1,2,b\n3,4,c\n");
  EXPECT_EQ(refusal(), "");
  options_.test = -1;
  options_.source = "libsvm";
  csv("-1 1:1\n+1 1:2\n", "-1 1:1\n3 1:2\n");
  expect_refused({"/test: no training sample has the label \"3\" of test samples"});
}

TEST_F(TestOnlyLabels, OfADrawThatTakesARareClassWhole) {
  options_.source = "csv";
  csv("1,a\n2,a\n3,b\n", "");
  options_.test_path.clear();
  options_.test = 1;
  int refused = 0;
  for (options_.seed = 0; options_.seed < 16; ++options_.seed) refused += refusal().empty() ? 0 : 1;
  EXPECT_GT(refused, 0);
  EXPECT_LT(refused, 16);
}

TEST_F(TestOnlyLabels, OfImages) {
  options_.source = "idx";
  for (const std::string half : {"train", "t10k"}) {
    const Bytes labels = half == "train" ? Bytes{3, 1, 3} : Bytes{1, 3, 7};
    folder_.write(half + "-images-idx3-ubyte", idx_bytes(0x803, {3, 1, 1}, {1, 2, 3}));
    folder_.write(half + "-labels-idx1-ubyte", idx_bytes(0x801, {3}, labels));
  }
  expect_refused({folder_.path(), "the label 7 of test samples (training labels: 1, 3)"});
  options_.source = "cifar10";
  Bytes record(3073, 0);
  folder_.write("data_batch_1.bin", record);
  record[0] = 4;
  folder_.write("test_batch.bin", record);
  expect_refused({"the label 4 of test samples (training labels: 0)"});
}

TEST_F(TestOnlyLabels, OfUci) {
  options_.source = "uci";
  folder_.write("toy_R.dat", bytes_of("f1\tclase\n1\t.5\t0\n2\t1.5\t1\n3\t1e-400\t2\n"));
  folder_.write("conxuntos.dat", bytes_of("0 1\n2\n"));
  folder_.write("conxuntos_kfold.dat", bytes_of("0 1\n2\n1 2\n0\n0 2\n1\n0 1\n2\n"));
  expect_refused({"the label 2 of test samples (training labels: 0, 1)"});
}

TEST_F(TestOnlyLabels, AFewTrainingSamplesThatLeaveClassesOutAreSaid) {
  options_.source = "csv";
  csv("1,a\n2,a\n3,b\n", "1,a\n2,b\n");
  options_.train = 2;
  const auto raw = load_raw(options_, alone_, alone_);
  EXPECT_EQ(raw.train.classes, 2);
  ASSERT_EQ(raw.notices.size(), 1U);
  EXPECT_EQ(raw.notices[0],
            "[data] train = 2 leaves out classes: no training sample has the label \"b\" of test "
            "samples (training labels: \"a\")");
  testing::internal::CaptureStderr();
  static_cast<void>(load_data<double>(options_, alone_, alone_, Log(true, false)));
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("warning: [data] train = 2 leaves out"), std::string::npos) << said;
}

}  // namespace
}  // namespace thalweg
