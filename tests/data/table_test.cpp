#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "data/data_set.hpp"
#include "data/sample_files.hpp"
#include "data/support.hpp"

namespace thalweg {
namespace {

using testing_data::Bytes;
using testing_data::expect_refusal;
using testing_data::TemporaryFolder;

Bytes bytes_of(const std::string& text) {
  return {text.begin(), text.end()};
}

class TableTest : public ::testing::Test {
 protected:
  /// The options of a source with `train` and `test` as its files; an empty test file is none.
  DataOptions options(const std::string& source, const std::string& train,
                      const std::string& test = "") {
    folder_.write("train", bytes_of(train));
    DataOptions options;
    options.source = source;
    options.path = folder_ / "train";
    if (!test.empty()) {
      folder_.write("test", bytes_of(test));
      options.test_path = folder_ / "test";
    }
    return options;
  }
  void expect_csv_refused(const std::string& text, const std::vector<std::string>& pieces,
                          const ColumnChoice& label = -1) {
    auto given = options("csv", text, "1,2,0\n3,4,1\n");
    given.label_column = label;
    expect_refusal([&] { read_csv(given); }, pieces);
  }
  void expect_libsvm_refused(const std::string& text, const std::vector<std::string>& pieces) {
    const auto given = options("libsvm", text, "1 1:1\n2 1:2\n");
    expect_refusal([&] { read_libsvm(given); }, pieces);
  }
  /// Reads a csv file without a word on header or label column; `notice` is a part of the one
  /// notice, or empty where there has to be none.
  LabelledSamples guessed(const std::string& text, const std::string& notice,
                          const ColumnChoice& label = -1) {
    auto given = options("csv", text);
    given.test = 1;
    given.label_column = label;
    const auto halves = read_csv(given);
    EXPECT_EQ(halves.notices.size(), notice.empty() ? 0U : 1U) << text;
    for (const auto& said : halves.notices) {
      EXPECT_NE(said.find(notice), std::string::npos) << said;
      EXPECT_NE(said.find("train:1: the first line is taken as a"), std::string::npos) << said;
      EXPECT_NE(said.find("[data] header = "), std::string::npos) << said;
    }
    auto all = halves.train;
    all.numbers.insert(all.numbers.end(), halves.test.numbers.begin(), halves.test.numbers.end());
    all.labels.insert(all.labels.end(), halves.test.labels.begin(), halves.test.labels.end());
    return all;
  }
  /// As above, for its samples and classes alone.
  void expect_guess(const std::string& text, std::int64_t samples, std::int64_t classes,
                    const std::string& notice, const ColumnChoice& label = -1) {
    const auto all = guessed(text, notice, label);
    EXPECT_EQ(all.size(), samples) << text;
    EXPECT_EQ(all.classes, classes) << text;
  }
  TemporaryFolder folder_;
};

TEST_F(TableTest, CsvWithoutHeaderHasItsLabelLast) {
  const auto halves = read_csv(options("csv", "1.5,-2,7\n\n+3e-1, 4 ,-1\r\n", "0,1,7\n"));
  EXPECT_EQ(halves.train.numbers, (std::vector<double>{1.5, -2.0, 0.3, 4.0}));
  EXPECT_EQ(halves.train.labels, (std::vector<std::int32_t>{1, 0}));
  EXPECT_EQ(halves.test.labels, (std::vector<std::int32_t>{1}));
  EXPECT_EQ(halves.train.classes, 2);
  EXPECT_EQ(halves.test.classes, 2);
  EXPECT_EQ(halves.train.shape, (ImageShape{1, 1, 2}));
}

TEST_F(TableTest, CsvFindsALabelByNameAndSortsTexts) {
  auto given = options("csv", "\xef\xbb\xbfkind;\"a;b\";c\n\"new \"\"york\";1;2\nBern;3;4\n",
                       "kind;x;y\nZug;5;6\n");
  given.separator = "semicolon";
  given.label_column = "kind";
  const auto halves = read_csv(given);
  EXPECT_EQ(halves.train.numbers, (std::vector<double>{1, 2, 3, 4}));
  EXPECT_EQ(halves.train.labels, (std::vector<std::int32_t>{2, 0}));  // Bern, Zug, new "york
  EXPECT_EQ(halves.test.labels, (std::vector<std::int32_t>{1}));
  EXPECT_EQ(halves.test.classes, 3);
}

TEST_F(TableTest, CsvSeparatorsAndColumnNumbers) {
  auto given = options("csv", "1\t9\t2\n3\t10\t4\n", "5\t10\t6\n");
  given.separator = "tab";
  given.label_column = "1";
  EXPECT_EQ(read_csv(given).train.numbers, (std::vector<double>{1, 2, 3, 4}));
  given = options("csv", "  1   9 2 \n3 10  4\n", "5 10 6\n");
  given.separator = "space";
  given.label_column = "-2";
  const auto halves = read_csv(given);
  EXPECT_EQ(halves.train.numbers, (std::vector<double>{1, 2, 3, 4}));
  EXPECT_EQ(halves.train.labels, (std::vector<std::int32_t>{0, 1}));  // 9 < 10 as integers
}

TEST_F(TableTest, CsvHeaderOfOneTextIsFoundOnlyWhenTold) {
  // One text a line may be a label; two are a header.
  auto given = options("csv", "1,2,yes\n3,4,no\n", "1,2,yes\n");
  EXPECT_EQ(read_csv(given).train.size(), 2);
  given.header = "yes";
  expect_refusal([&] { read_csv(given); }, {"test", "no samples"});
  given = options("csv", "x,y,z\n1,2,0\n3,4,1\n", "1,2,0\n");
  given.header = "no";
  expect_refusal([&] { read_csv(given); }, {"train:1", "column 0", "\"x\"", "a number"});
}

TEST_F(TableTest, CsvHeaderOfNumbersIsFoundByTheLabelsBelow) {
  expect_guess("0,1,label\n.5,2,1\n.25,3,0\n.5,7,1\n", 3, 2, "a header: its label is \"label\"");
  expect_guess("700.5,702.1,kind\n.5,2,1\n.25,3,0\n", 2, 2, "all others are numbers");
  expect_guess("0,1,kind\n.5,2,b\n.25,3,a\n1,1,b\n", 3, 2,
               "in order and its label \"kind\" occurs now");
  expect_guess("700.5,702.1,kind\n1,2,a\n1,3,a\n2,2,b\n2,3,b\n", 4, 2, "at least twice");
  expect_guess("label,0,1\n1,.5,2\n0,.25,3\n", 2, 2, "a header", std::int64_t{0});
  expect_guess("id,0,1,2\n7,.5,2,1\n8,.25,3,0\n", 2, 2, "a header: it holds \"id\"");
  expect_guess("0,1,2,3\n.5,2,1,0\n.25,3,1,1\n1,1,1,1\n", 3, 2, "in order and its label \"3\"");
  expect_guess("1990,1995,2000\n5,2,0\n2,3,1\n1,1,1\n", 3, 2, "in order and its label \"2000\"");
  expect_guess("0,1,2,3\n0,.5,.5,.7\n1,.5,2.5,.7\n", 2, 2, "no other feature is an integer",
               std::int64_t{0});
  expect_guess("0,1,2,3,4,5,6,7,8\n0,1,1,2,1,2,1,2,3\n1,1,1,2,1,2,1,3,4\n", 2, 2,
               "a header: its numbers are in order", std::int64_t{0});
}

TEST_F(TableTest, CsvFirstSampleStaysOne) {
  expect_guess("1.5,2,a\n3,4,b\n5,6,a\n", 3, 2, "");
  expect_guess("0,1,a\n3,4,b\n5,6,a\n", 3, 2, "");
  expect_guess("0,1,2,3,4,5,6,7,a\n0,1,2,3,4,5,6,8,b\n0,1,2,3,4,5,6,7,a\n", 3, 2, "");
  expect_guess("1.5,4,1\n3,4,0\n5,6,1\n", 3, 2, "");
  // What stays open is said.
  expect_guess("0,1,2\n0,5,2\n3,1,1\n", 3, 2, "a sample, though its numbers are in order");
  expect_guess("1.5,2,7\n3,4,0\n5,6,0\n", 3, 2, "a sample, though its label \"7\" occurs now");
  expect_guess("1.5,2,c\n3,4,a\n5,6,b\n", 3, 3, "a sample, though its label \"c\" occurs now");
  expect_guess("1,2,c\n3,4,a\n5,6,b\n", 3, 3, "a sample, though its numbers are in order");
  expect_guess("1,2.0\n9,2\n9,1\n9,1\n", 4, 2, "a sample, though its numbers are in order");
  // A mark of a missing value is no name, and what is no number is not lost as a header.
  expect_csv_refused("NA,?,1\n1,2,0\n", {"train:1", "column 0", "\"NA\"", "header = \"yes\""});
  expect_csv_refused("1,2x,1\n1,2,0\n", {"train:1", "column 1", "\"2x\"", "header = \"yes\""});
}

TEST_F(TableTest, CsvHeaderIsTheSameInBothFiles) {
  auto given = options("csv", "0,1,2\n.5,2,0\n.25,3,1\n.5,2,0\n.25,3,1\n", "0,1,2\n.5,7,1\n");
  auto halves = read_csv(given);
  EXPECT_EQ(halves.train.size(), 4);
  EXPECT_EQ(halves.test.numbers, (std::vector<double>{.5, 7}));
  EXPECT_EQ(halves.notices.size(), 1U);
  // A test file of one line is judged by the labels of the training file.
  given = options("csv", "1,9,a\n3,4,b\n1,9,a\n3,4,b\n", "0,1,b\n");
  halves = read_csv(given);
  EXPECT_EQ(halves.test.labels, (std::vector<std::int32_t>{1}));
  EXPECT_TRUE(halves.notices.empty());
}

TEST_F(TableTest, CsvColumnByNumberOrByName) {
  const std::string text = "2,1,0\n.5,1,7\n.25,0,8\n";
  auto given = options("csv", text, text);
  given.header = "yes";
  given.label_column = 0;  // a number whatever the names
  expect_refusal([&] { read_csv(given); }, {"train:2", "\".5\"", "a class"});
  given.label_column = "0";  // a name first
  EXPECT_EQ(read_csv(given).train.numbers, (std::vector<double>{.5, 1, .25, 0}));
  given.label_column = "1";
  EXPECT_EQ(read_csv(given).train.numbers, (std::vector<double>{.5, 7, .25, 8}));
  given.label_column = -2;
  EXPECT_EQ(read_csv(given).train.numbers, (std::vector<double>{.5, 7, .25, 8}));
  given.label_column = 3;
  expect_refusal([&] { read_csv(given); }, {"train:1", "label_column: found 3", "-3 to 2"});
}

TEST_F(TableTest, NumbersBeyondTheRangeOfDoublesAreZeroOrRefused) {
  const std::string tiny = "1e-400,-1E-400," + ("0." + std::string(400, '0') + "1") +
                           ",1e-99999999999999999999,5e-324,2e-324,0\n1,1,1,1,1,1,1\n";
  const auto halves = read_csv(options("csv", tiny, "1,1,1,1,1,1,1\n"));
  const std::vector<double> read(halves.train.numbers.begin(), halves.train.numbers.begin() + 6);
  EXPECT_EQ(read, (std::vector<double>{0.0, -0.0, 0.0, 0.0, 5e-324, 0.0}));
  EXPECT_TRUE(std::signbit(read[1]));
  const std::string digits = "1" + std::string(400, '0') + ".5";
  for (const std::string& large :
       std::vector<std::string>{"1e400", "-1E+400", "1e99999999999999999999", digits}) {
    expect_csv_refused("1,2,0\n1," + large + ",1\n",
                       {"train:2", "column 1", large.substr(0, 20), "overflows", "1.8e308"});
    expect_libsvm_refused("1 2:" + large + "\n", {"train:1", "index 2", "overflows"});
  }
  EXPECT_EQ(read_libsvm(options("libsvm", "1 1:1e-400 2:1\n2 1:3\n", "1 1:1\n")).train.numbers,
            (std::vector<double>{0, 1, 3, 0}));
}

TEST_F(TableTest, CsvQuotesBetweenBlanksToo) {
  auto given =
      options("csv", "\"a b\" \"c\" \"kind\"\n1 \"2\" \"x y\"\n3 4\t\"z\"\n", "a b c\n5 6 z\n");
  given.separator = "space";
  const auto halves = read_csv(given);
  EXPECT_EQ(halves.train.numbers, (std::vector<double>{1, 2, 3, 4}));
  EXPECT_EQ(halves.test.labels, (std::vector<std::int32_t>{1}));
  given = options("csv", "1 \"2\"3 0\n");
  given.separator = "space";
  given.test = 1;
  expect_refusal([&] { read_csv(given); }, {"train:1", "\"3\"", "separator"});
}

TEST_F(TableTest, CsvIntegerLabelsInTwoSpellingsAreOneClass) {
  const auto halves = read_csv(options("csv", "1,2.0\n1,2\n1,-3\n", "1,2\n"));
  EXPECT_EQ(halves.train.labels, (std::vector<std::int32_t>{1, 1, 0}));
  EXPECT_EQ(halves.train.classes, 2);
}

TEST_F(TableTest, CsvRefusesWithLineAndColumn) {
  expect_csv_refused("1,2,0\n1,2\n", {"train:2", "found 2 fields", "expected 3"});
  expect_csv_refused("1,2,0\n1,nan,1\n", {"train:2", "column 1", "nan", "finite"});
  expect_csv_refused("1,2,0\n1,-inf,1\n", {"train:2", "column 1", "-inf", "finite"});
  expect_csv_refused("1,2,0\n1,2x,1\n", {"train:2", "column 1", "\"2x\"", "a number"});
  expect_csv_refused("1,2,0\n1,,1\n", {"train:2", "column 1", "nothing", "a number"});
  expect_csv_refused("1,2,0\n1,+-2,1\n", {"train:2", "column 1", "+-2"});
  expect_csv_refused("1,2,0\n1,1e999,1\n", {"train:2", "column 1", "1e999"});
  expect_csv_refused("a,b,c\n1,2,0\nx,2,1\n", {"train:3", "column 0 (a)", "\"x\""});
  expect_csv_refused("1,2,0\n1,2,\n", {"train:2", "label is empty"});
  expect_csv_refused("1,2,0\n1,2,0.5\n", {"train:2", "0.5", "expected a class"});
  expect_csv_refused("1,2,0\n1,2,nan\n", {"train:2", "nan", "expected a class"});
  expect_csv_refused("1;2;0\n1;2;1\n", {"train:1", "one column", "comma"});
  expect_csv_refused("1,\"2,0\n", {"train:1", "not closed"});
  expect_csv_refused("1,\"2\"x,0\n", {"train:1", "\"x\"", "separator"});
  expect_csv_refused("a,b,c\n", {"train", "no samples"});
  expect_csv_refused("", {"train", "empty"});
  expect_csv_refused("\n \n", {"train", "no samples"});
  expect_csv_refused("1,2,0\n3,4,1\n", {"train:1", "label_column", "\"sort\"", "-3 to 2"}, "sort");
  expect_csv_refused("1,2,0\n3,4,1\n", {"train:1", "label_column", "\"3\"", "-3 to 2"}, "3");
  expect_csv_refused("a,a,b\n1,2,0\n", {"train:1", "two columns", "\"a\""}, "a");
  expect_csv_refused("1,2,0,5\n1,2,0,6\n", {"test", "2 features", "expected 3"});
  expect_csv_refused(std::string("1,2,0\n1,\0,1\n", 12), {"train", "byte 8 is 0", "text"});
}

TEST_F(TableTest, CsvRefusesFilesThatAreMissingOrOfOneClass) {
  DataOptions given = options("csv", "1,0\n2,0\n", "1,0\n");
  expect_refusal([&] { read_csv(given); }, {"train", "all labels are \"0\"", "two classes"});
  given.path = folder_ / "nowhere";
  expect_refusal([&] { read_csv(given); }, {"nowhere", "no such file"});
  given = options("csv", "1,0\n2,1\n", "1,0\n");
  given.test_path = folder_ / "nowhere";
  expect_refusal([&] { read_csv(given); }, {"nowhere", "no such file"});
}

TEST_F(TableTest, SplitBySeedDealsEverySampleOnce) {
  std::string text;
  for (int i = 0; i < 40; ++i) text += std::to_string(i) + "," + std::to_string(i % 2) + "\n";
  auto given = options("csv", text);
  given.test_fraction = 0.25;
  given.seed = 3;
  const auto halves = read_csv(given);
  EXPECT_EQ(halves.train.size(), 30);
  EXPECT_EQ(halves.test.size(), 10);
  std::multiset<double> all(halves.train.numbers.begin(), halves.train.numbers.end());
  all.insert(halves.test.numbers.begin(), halves.test.numbers.end());
  for (int i = 0; i < 40; ++i) EXPECT_EQ(all.count(i), 1U) << i;
  for (std::size_t k = 0; k < 30; ++k) {
    EXPECT_EQ(halves.train.labels[k], static_cast<int>(halves.train.numbers[k]) % 2);
  }
  EXPECT_EQ(read_csv(given).test.numbers, halves.test.numbers);
  given.seed = 4;
  EXPECT_NE(read_csv(given).test.numbers, halves.test.numbers);
  given.test_fraction = 0.0;
  given.test = 7;
  EXPECT_EQ(read_csv(given).test.size(), 7);
  given.test = 40;
  expect_refusal([&] { read_csv(given); }, {"train", "40 test samples", "none to train"});
}

TEST_F(TableTest, LibsvmIsSparseFromOne) {
  const auto halves = read_libsvm(
      options("libsvm", "+1 1:0.5 3:-2 # note\n-1 2:4\n\n# all comment\n+1\n", "1 4:7\n"));
  EXPECT_EQ(halves.train.shape, (ImageShape{1, 1, 4}));
  EXPECT_EQ(halves.train.numbers, (std::vector<double>{0.5, 0, -2, 0, 0, 4, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(halves.train.labels, (std::vector<std::int32_t>{1, 0, 1}));
  EXPECT_EQ(halves.test.numbers, (std::vector<double>{0, 0, 0, 7}));
  EXPECT_EQ(halves.test.labels, (std::vector<std::int32_t>{1}));
}

TEST_F(TableTest, LibsvmRefusesWithLine) {
  expect_libsvm_refused("1 1:1\n2 0:1\n", {"train:2", "index 0", "at least 1"});
  expect_libsvm_refused("1 1:1\n2 -1:1\n", {"train:2", "index -1", "at least 1"});
  expect_libsvm_refused("1 2:1 1:1\n", {"train:1", "index 1 after 2", "ascending"});
  expect_libsvm_refused("1 2:1 2:1\n", {"train:1", "index 2 after 2", "ascending"});
  expect_libsvm_refused("1 2:1\nx 1:1\n", {"train:2", "label", "\"x\"", "an integer"});
  expect_libsvm_refused("1.5 2:1\n", {"train:1", "label", "\"1.5\"", "an integer"});
  expect_libsvm_refused("1 2:\n", {"train:1", "index 2", "nothing", "a number"});
  expect_libsvm_refused("1 2:nan\n", {"train:1", "index 2", "nan", "finite"});
  expect_libsvm_refused("1 2:inf\n", {"train:1", "index 2", "inf", "finite"});
  expect_libsvm_refused("1 2:1,5\n", {"train:1", "index 2", "1,5"});
  expect_libsvm_refused("1 qid:3 1:1\n", {"train:1", "\"qid:3\"", "INDEX:VALUE"});
  expect_libsvm_refused("1 7\n", {"train:1", "\"7\"", "INDEX:VALUE"});
  expect_libsvm_refused("1 99999999999999999999:1\n", {"train:1", "INDEX:VALUE"});
  expect_libsvm_refused("1 900000000000000:1\n", {"train", "900000000000000 features", "machine"});
  expect_libsvm_refused("1 1:1\n2 9000000:1\n", {"train", "9000000", "largest index"});
  expect_libsvm_refused("", {"train", "empty"});
  expect_libsvm_refused("# nothing\n", {"train", "no samples"});
}

TEST_F(TableTest, LoadedDataAreTheFilesNumbersOnAnyRanks) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const auto alone = Communicator::duplicate(MPI_COMM_SELF);
  std::string text;
  for (int i = 0; i < 300; ++i) {
    text += std::to_string(0.37 * i) + "," + std::to_string(i * i % 17) + ",c" +
            std::to_string(i % 3) + "\n";
  }
  auto given = options("csv", text);
  given.test = 90;
  given.preprocess = {"standardize", "zca", "unit_norm"};
  const auto here = load_data<double>(given, alone, alone);
  const auto spread = load_data<double>(given, world, world);
  EXPECT_EQ(spread.train.size(), 210);
  EXPECT_EQ(spread.train.classes(), 3);
  EXPECT_EQ(spread.hash, here.hash);
  EXPECT_TRUE(std::equal(here.test.all_rows().begin(), here.test.all_rows().end(),
                         spread.test.all_rows().begin()));
  given.placement = Placement::sharded;
  EXPECT_EQ(load_data<double>(given, world, world).hash, here.hash);
  EXPECT_EQ(here.description,
            "csv: 210 training and 90 test samples of 1 x 2, 3 classes, test samples drawn with "
            "seed 0, standardize, zca, unit_norm of epsilon 1e-05");
}

TEST_F(TableTest, ABrokenFileFailsOnEveryRank) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const auto given = options("csv", "1,2,0\n1,oops,1\n", "1,2,0\n");
  EXPECT_THROW((load_data<double>(given, world, world)), ReportedError);
}

}  // namespace
}  // namespace thalweg
