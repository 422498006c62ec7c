#include "data/data_settings.hpp"

#include <filesystem>

#include "data/support.hpp"

namespace thalweg {
namespace {

using testing_data::expect_refusal;

DataOptions options_of(const std::string& data_table) {
  const auto study = Settings::parse("[data]\n" + data_table, "study.toml");
  const auto options = data_options(study.table("data"), 7);
  study.reject_unknown();
  return options;
}

TEST(DataSettings, DefaultsAreTheBuiltInData) {
  const auto options = options_of("");
  EXPECT_EQ(options.source, "glyphs");
  EXPECT_EQ(options.train, 10000);
  EXPECT_EQ(options.test, 2000);
  EXPECT_EQ(options.image_size, 28);
  EXPECT_EQ(options.seed, 7U);
  EXPECT_TRUE(options.preprocess.empty());
  EXPECT_EQ(options.placement, Placement::node);
}

TEST(DataSettings, ReadsEveryKey) {
  const auto options = options_of(
      "source = \"idx\"\npath = \"some/mnist\"\ntrain = 500\ntest = 100\n"
      "preprocess = [\"center\", \"unit_norm\"]\nplacement = \"sharded\"\n");
  EXPECT_EQ(options.source, "idx");
  EXPECT_EQ(options.path, (std::filesystem::current_path() / "some/mnist").string());
  EXPECT_EQ(options.train, 500);
  EXPECT_EQ(options.test, 100);
  EXPECT_EQ(options.preprocess, (std::vector<std::string>{"center", "unit_norm"}));
  EXPECT_EQ(options.placement, Placement::sharded);
}

TEST(DataSettings, FilesAreReadWholeUnlessToldOtherwise) {
  const auto options = options_of("source = \"cifar10\"\npath = \"/data/cifar\"\n");
  EXPECT_EQ(options.path, "/data/cifar");
  EXPECT_EQ(options.train, -1);
  EXPECT_EQ(options.test, -1);
}

TEST(DataSettings, ReadsTheKeysOfTables) {
  const auto csv = options_of(
      "source = \"csv\"\npath = \"/d/a.csv\"\ntest_fraction = 0.2\nlabel_column = \"kind\"\n"
      "separator = \"tab\"\nheader = \"no\"\npreprocess = [\"zca\"]\nzca_epsilon = 0.1\n");
  EXPECT_EQ(csv.test_fraction, 0.2);
  EXPECT_EQ(csv.label_column, ColumnChoice("kind"));
  EXPECT_EQ(csv.separator, "tab");
  EXPECT_EQ(csv.header, "no");
  EXPECT_EQ(csv.zca_epsilon, 0.1);
  for (const std::string column : {"0", "-2", "\"0\""}) {
    const auto study = Settings::parse(
        "[data]\nsource = \"csv\"\npath = \"a\"\ntest = 1\nlabel_column = " + column + "\n",
        "study");
    const ColumnChoice expected =
        column[0] == '"' ? ColumnChoice("0") : ColumnChoice(std::stoll(column));
    EXPECT_EQ(data_options(study.table("data"), 7).label_column, expected);
    EXPECT_NE(study.resolved().find("label_column = " + column + "\n"), std::string::npos);
  }
  expect_refusal(
      [&] { options_of("source = \"csv\"\npath = \"a\"\ntest = 1\nlabel_column = 1.5\n"); },
      {"study.toml:5", "label_column", "1.5", "an integer or a string"});
  const auto libsvm = options_of("source = \"libsvm\"\npath = \"a\"\ntest_path = \"b\"\n");
  EXPECT_EQ(libsvm.test_path, (std::filesystem::current_path() / "b").string());
  EXPECT_EQ(options_of("source = \"libsvm\"\npath = \"a\"\ntest = 5\n").test, 5);
  EXPECT_EQ(options_of("source = \"uci\"\npath = \"a\"\nsplit = 3\n").split, 3);
  const std::string npy = "source = \"npy\"\npath = \"a\"\n";
  EXPECT_EQ(options_of(npy).layout, "");
  EXPECT_EQ(options_of(npy + "layout = \"channels_last\"\n").layout, "channels_last");
  expect_refusal([&] { options_of(npy + "layout = \"nhwc\"\n"); },
                 {"study.toml:4", "layout", "channels_first"});
}

TEST(DataSettings, RefusesKeysOfOtherSources) {
  const std::string csv = "source = \"csv\"\npath = \"a\"\n";
  expect_refusal([&] { options_of(csv); }, {"test_path", "csv", "test_fraction"});
  expect_refusal([&] { options_of(csv + "test_fraction = 1.0\n"); },
                 {"study.toml:4", "test_fraction", "below 1"});
  expect_refusal([&] { options_of(csv + "test_path = \"b\"\ntest_fraction = 0.5\n"); },
                 {"study.toml:5", "test_fraction", "test_path"});
  expect_refusal([&] { options_of(csv + "test = 5\nseparator = \",\"\n"); },
                 {"study.toml:5", "separator", "comma"});
  expect_refusal([&] { options_of(csv + "test = 5\nsplit = 1\n"); },
                 {"study.toml:5", "split", "uci"});
  expect_refusal([&] { options_of(csv + "test = 5\nlayout = \"channels_last\"\n"); },
                 {"study.toml:5", "layout", "npy"});
  expect_refusal([&] { options_of(csv + "test = 5\nzca_epsilon = 1.0\n"); },
                 {"study.toml:5", "zca_epsilon", "zca"});
  expect_refusal([&] { options_of("preprocess = [\"zca\"]\nzca_epsilon = 0.0\n"); },
                 {"study.toml:3", "zca_epsilon"});
  expect_refusal([&] { options_of("source = \"libsvm\"\ntest = 5\n"); }, {"path", "its file"});
  expect_refusal([&] { options_of("source = \"npy\"\npath = \"a\"\ntest_path = \"b\"\n"); },
                 {"study.toml:4", "test_path", "libsvm"});
  expect_refusal([&] { options_of("label_column = \"b\"\n"); },
                 {"study.toml:2", "label_column", "csv"});
  expect_refusal([&] { options_of("source = \"uci\"\npath = \"a\"\nsplit = 4\n"); },
                 {"study.toml:4", "split", "4", "0 to 3"});
}

TEST(DataSettings, RefusesWithLineAndKey) {
  expect_refusal([] { options_of("source = \"glyph\"\n"); }, {"study.toml:2", "source", "glyphs"});
  expect_refusal([] { options_of("train = 0\n"); }, {"study.toml:2", "train", "0"});
  expect_refusal([] { options_of("\ntest = -2\n"); }, {"study.toml:3", "test", "-2"});
  expect_refusal([] { options_of("source = \"idx\"\n"); }, {"path", "idx"});
  expect_refusal([] { options_of("image_size = 4\n"); }, {"study.toml:2", "image_size", "4"});
  expect_refusal([] { options_of("source = \"idx\"\npath = \"x\"\nimage_size = 14\n"); },
                 {"study.toml:4", "image_size", "glyphs"});
  expect_refusal([] { options_of("preprocess = [\"pca\", \"bleach\"]\n"); },
                 {"study.toml:2", "preprocess", "standardize"});
  expect_refusal([] { options_of("placement = \"nodes\"\n"); },
                 {"study.toml:2", "placement", "node"});
  expect_refusal([] { options_of("trian = 5\n"); }, {"study.toml:2", "trian", "train"});
}

}  // namespace
}  // namespace thalweg
