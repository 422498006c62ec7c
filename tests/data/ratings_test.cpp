#include "data/ratings.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <set>
#include <span>
#include <utility>

#include "data/support.hpp"

namespace thalweg {
namespace {

using testing_data::Bytes;
using testing_data::expect_refusal;
using testing_data::TemporaryFolder;

using Integers = std::vector<std::int64_t>;

class RatingsTest : public ::testing::Test {
 protected:
  std::string write(const std::string& text, const std::string& name = "ratings") {
    folder_.write(name, Bytes(text.begin(), text.end()));
    return folder_ / name;
  }
  void expect_refused(const std::string& text, std::vector<std::string> pieces) {
    const std::string path = write(text);
    pieces.insert(pieces.begin(), path + ":");
    expect_refusal([&] { (void)read_ratings(path); }, pieces);
  }
  /// Ten users who rated ten items each but the last one.
  std::string write_square() {
    std::string text = "userId,movieId,rating\n";
    for (int k = 0; k < 99; ++k) {
      text += fmt::format("{},{},{}\n", k / 10 + 1, k % 10 + 1, 0.5 + k % 9 * 0.5);
    }
    return write(text, "square.csv");
  }
  TemporaryFolder folder_;
};

/// What all layouts below hold: users 3 and 20, items 5, 7 and 40.
void expect_the_four(const Ratings& ratings) {
  EXPECT_EQ(ratings.users, (Integers{3, 20}));
  EXPECT_EQ(ratings.items, (Integers{5, 7, 40}));
  EXPECT_EQ(ratings.entries.row, (Integers{0, 0, 1, 1}));
  EXPECT_EQ(ratings.entries.column, (Integers{0, 2, 1, 2}));
  EXPECT_EQ(ratings.entries.value, (std::vector<double>{4.0, 0.5, 3.0, 5.0}));
}

TEST_F(RatingsTest, ReadsUData) {
  expect_the_four(
      read_ratings(write("20\t40\t5\t874965758\n3\t5\t4\t0\n20\t7\t3\t1\n3\t40\t0.5\t2\n")));
  expect_the_four(read_ratings(write("20 40 5\n3 5 4\n\n20 7 3\n3  40 0.5")));
}

TEST_F(RatingsTest, ReadsRatingsCsvWithItsColumnsInAnyOrder) {
  expect_the_four(
      read_ratings(write("userId,movieId,rating,timestamp\r\n3,5,4.0,964982703\r\n3,40,0.5,1\r\n"
                         "20,7,3.0,2\r\n20,40,5.0,3\r\n")));
  expect_the_four(read_ratings(
      write("\xef\xbb\xbfrating, title,movieId ,userId\n5.0,x,40,20\n0.5,,40,3\n4,y z,5,3\n"
            "3,\"q\",7,20\n")));
}

TEST_F(RatingsTest, ReadsRatingsDat) {
  expect_the_four(
      read_ratings(write("20::40::5::978300760\n3::5::4::0\n20::7::3::1\n3::40::0.5::2\n")));
}

TEST_F(RatingsTest, ReadsTheQuotesOfOtherWriters) {
  // R's write.csv, with row names and large integers in its short form.
  expect_the_four(
      read_ratings(write("\"\",\"userId\",\"movieId\",\"rating\",\"title\"\n\"1\",3,5,4,\"a, b\"\n"
                         "\"2\",3,4e+01,0.5,\"the \"\"c\"\"\"\n\"3\",20,7,3,NA\n"
                         "\"4\",20,40,5,\"\"\n")));
  expect_the_four(read_ratings(
      write("userId;movieId;rating\n\"3\";5;4\n3;40;0.5\n20; \"7\" ;3\n20;40;\"5\"\n")));
  expect_the_four(read_ratings(
      write("\"movieId\"\t\"userId\"\t\"rating\"\n5\t3\t4\n40\t3\t0.5\n7\t20\t3\n40\t20\t5\n")));
}

TEST_F(RatingsTest, TakesUnderflowForZeroAndSaysOverflow) {
  EXPECT_EQ(read_ratings(write("1\t2\t1e-400\n")).entries.value, (std::vector<double>{0.0}));
  expect_refused("1\t2\t1e400\n", {":1: ", "rating: found \"1e400\"", "overflows", "1.8e308"});
}

TEST_F(RatingsTest, ReadsCompressedFiles) {
  const std::string text = "userId,movieId,rating\n3,5,4\n3,40,0.5\n20,7,3\n20,40,5\n";
  folder_.write_gz("ratings.csv.gz", Bytes(text.begin(), text.end()));
  expect_the_four(read_ratings(folder_ / "ratings.csv.gz"));
  expect_refusal([&] { (void)read_ratings(write(text, "plain.gz")); }, {"plain.gz", "gzip"});
}

TEST_F(RatingsTest, RefusesHeadersWithoutTheColumns) {
  expect_refused(
      "userId,rating,timestamp\n1,2,3\n",
      {":1: ", "\"userId,rating,timestamp\"", "userId, movieId and rating", "there is no movieId"});
  expect_refused("user,item,rating\n1,2,3\n", {":1: ", "there is no userId, movieId"});
  expect_refused("1,31,2.5,1260759144\n", {":1: ", "\"1,31,2.5,1260759144\"", "a header with",
                                           "there is no userId, movieId, rating"});
  expect_refused("userId,movieId,rating,userId\n1,2,3,4\n", {":1: ", "2 columns", "userId"});
  expect_refused("1::31\n", {":1: ", "\"1::31", "a user, an item and a rating"});
  expect_refused("userId::movieId\n", {":1: ", "there is no rating"});
  expect_refused("1::2::3\n1:2::3\n", {":2: ", "found 2 fields, expected 3"});
  expect_refused("userId,movieId,rating\n1,2,\"3\n", {":2: ", "not closed"});
  expect_refused("1\t2\n", {":1: ", "a user, an item and a rating", "with tabs"});
}

TEST_F(RatingsTest, RefusesOtherNumbersOfFields) {
  expect_refused("userId,movieId,rating\n1,2,3\n1,3\n", {":3: ", "found 2 fields, expected 3"});
  expect_refused("userId,movieId,rating\n1,2,3,4\n", {":2: ", "found 4 fields, expected 3"});
  expect_refused("userId,movieId,rating\n1,2,3,\n", {":2: ", "found 4 fields, expected 3"});
  expect_refused("1\t2\t3\t4\n\n1\t3\t3\n", {":3: ", "found 3 fields, expected 4"});
  expect_refused("1\t2\t3\n1\t\t3\n", {":2: ", "found 2 fields, expected 3"});
}

TEST_F(RatingsTest, RefusesRatingsThatAreNoFiniteNumbers) {
  for (const std::string rating : {"nan", "NaN", "-nan", "inf", "-Infinity"}) {
    expect_refused(fmt::format("1\t2\t3\n1\t3\t{}\n", rating),
                   {":2: ", "rating: found \"" + rating, "expected a finite number"});
  }
  for (const std::string rating : {"good", "4.0x", "0x4", "4;0", "1e999"}) {
    expect_refused(fmt::format("1\t2\t3\n1\t3\t{}\n", rating),
                   {":2: ", "rating: found \"" + rating, "expected a number"});
  }
  expect_refused("userId,movieId,rating\n1,2,\n", {":2: ", "rating: found nothing"});
}

TEST_F(RatingsTest, RefusesIdentitiesThatAreNoIntegersOrOutOfRange) {
  const auto refused = [&](const std::string& user, const std::string& item,
                           const std::vector<std::string>& pieces) {
    expect_refused(fmt::format("userId,movieId,rating\n{},{},3\n", user, item), pieces);
  };
  refused("x", "1", {":2: ", "user: found \"x\", expected an integer from 1 to 2147483647"});
  refused("1", "1.5", {":2: ", "item: found \"1.5\", expected an integer"});
  refused("nan", "1", {":2: ", "user: found \"nan\", expected an integer"});
  refused("", "1", {":2: ", "user: found nothing, expected an integer"});
  refused("0", "1", {":2: ", "user: found \"0\"", "out of range", "1 to 2147483647"});
  refused("1", "-7", {":2: ", "item: found \"-7\"", "out of range"});
  refused("2147483648", "1", {":2: ", "user: found \"2147483648\"", "out of range"});
  refused("1", "99999999999999999999", {":2: ", "item: ", "1 to 2147483647"});
  EXPECT_EQ(read_ratings(write("1\t2147483647\t3\n")).items, (Integers{2147483647}));
}

TEST_F(RatingsTest, RefusesARatingThatIsThereTwice) {
  expect_refused("userId,movieId,rating\n3,7,4\n3,8,4\n\n3,7,4\n",
                 {":5: user 3 rated item 7 before, on line 2"});
  // Of several the first that the file has, whatever the order of users.
  expect_refused("9\t1\t1\n2\t1\t1\n9\t1\t2\n2\t1\t2\n2\t1\t3\n",
                 {":3: user 9 rated item 1 before, on line 1"});
  expect_refused("9\t1\t1\n2\t1\t1\n2\t1\t2\n2\t1\t3\n9\t1\t2\n",
                 {":3: user 2 rated item 1 before, on line 2"});
}

TEST_F(RatingsTest, RefusesFilesWithoutRatings) {
  expect_refused("", {"empty"});
  expect_refused("\n \n", {"blank lines"});
  expect_refused("userId,movieId,rating\n\n", {"no ratings after the header"});
  expect_refusal([&] { (void)read_ratings(folder_.path()); }, {folder_.path(), "not a file"});
  expect_refusal([&] { (void)read_ratings(folder_ / "none"); }, {"none", "no such file"});
}

TEST_F(RatingsTest, TheSplitIsDisjointAndComplete) {
  const Ratings ratings = read_ratings(write_square());
  RatingsOptions options;
  options.validation = 5;
  const auto sample = ratings_sample(ratings, options, 1);
  EXPECT_EQ(sample.rows, 10);
  EXPECT_EQ(sample.columns, 10);
  EXPECT_EQ(sample.train.size(), 79);  // four fifths of 99, rounded down
  EXPECT_EQ(sample.validation.size(), 5);
  EXPECT_EQ(sample.test.size(), 15);
  EXPECT_TRUE(sample.truth.empty());
  EXPECT_EQ(sample.description,
            "ratings: 10 users x 10 items, 79 training, 5 validation and 15 test ratings, drawn "
            "with seed 1");
  std::set<std::pair<std::int64_t, std::int64_t>> seen;
  for (const auto* entries : {&sample.train, &sample.validation, &sample.test}) {
    std::int64_t last = -1;
    for (std::size_t k = 0; k < entries->value.size(); ++k) {
      const std::int64_t at = entries->row[k] * 10 + entries->column[k];
      EXPECT_GT(at, last);
      last = at;
      EXPECT_TRUE(seen.emplace(entries->row[k], entries->column[k]).second);
      EXPECT_EQ(entries->value[k], ratings.entries.value.at(static_cast<std::size_t>(at)));
    }
  }
  EXPECT_EQ(seen.size(), 99U);
}

TEST_F(RatingsTest, TheSplitIsOfItsSeedAndGrowsWithItsSize) {
  const Ratings ratings = read_ratings(write_square());
  RatingsOptions options;
  options.train = 30;
  const auto sample = ratings_sample(ratings, options, 1);
  EXPECT_EQ(ratings_sample(ratings, options, 1).train, sample.train);
  EXPECT_EQ(ratings_sample(ratings, options, 1).hash, sample.hash);
  EXPECT_NE(ratings_sample(ratings, options, 2).train, sample.train);
  EXPECT_NE(ratings_sample(ratings, options, 2).hash, sample.hash);
  options.train = 60;
  const auto larger = ratings_sample(ratings, options, 1);
  const auto places = [](const MatrixEntries& entries) {
    Integers all;
    for (std::size_t k = 0; k < entries.value.size(); ++k) {
      all.push_back(entries.row[k] * 10 + entries.column[k]);
    }
    return all;
  };
  const Integers inner = places(sample.train);
  const Integers outer = places(larger.train);
  EXPECT_TRUE(std::includes(outer.begin(), outer.end(), inner.begin(), inner.end()));
}

TEST_F(RatingsTest, TheHashChangesWithOneRating) {
  const RatingsOptions options;
  Ratings ratings = read_ratings(write_square());
  const auto before = ratings_sample(ratings, options, 1).hash;
  ratings.entries.value[50] += 0.5;
  EXPECT_NE(ratings_sample(ratings, options, 1).hash, before);
}

TEST_F(RatingsTest, RefusesASplitThatLeavesNothing) {
  const Ratings ratings = read_ratings(write_square());
  const auto refused = [&](std::int64_t train, std::int64_t validation) {
    expect_refusal(
        [&] {
          (void)ratings_sample(ratings, {"square.csv", train, validation}, 1);
        },
        {"square.csv", "of the 99 there", "left to test"});
  };
  refused(99, 0);
  refused(98, 1);
  refused(0, 20);
  refused(-1, 0);
  refused(10, -1);
  refused(std::numeric_limits<std::int64_t>::max(), 1);
  refused(1, std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(ratings_sample(ratings, {"square.csv", 97, 1}, 1).test.size(), 1);
  const Ratings one = read_ratings(write("1\t1\t1\n"));
  expect_refusal([&] { (void)ratings_sample(one, {"one", 0, 0}, 1); }, {"one: 0 ratings to train"});
}

TEST_F(RatingsTest, TheRootReadsAndAllHaveTheSameSample) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const std::string path = write_square();
  RatingsOptions options;
  options.path = world.is_root() ? path : "nowhere";
  options.validation = 7;
  const auto sample = load_ratings(options, 3, world);
  // Every rank's own copy of the file is the same.
  const auto alone = ratings_sample(read_ratings(path), options, 3);
  EXPECT_EQ(sample.rows, alone.rows);
  EXPECT_EQ(sample.columns, alone.columns);
  EXPECT_EQ(sample.train, alone.train);
  EXPECT_EQ(sample.validation, alone.validation);
  EXPECT_EQ(sample.test, alone.test);
  EXPECT_EQ(sample.description, alone.description);
  EXPECT_EQ(sample.hash, alone.hash);
}

TEST_F(RatingsTest, ABrokenFileStopsEveryRank) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  RatingsOptions options;
  options.path = write(world.is_root() ? "1\t1\tx\n" : "1\t1\t1\n1\t2\t2\n");
  testing::internal::CaptureStderr();
  EXPECT_THROW((void)load_ratings(options, 3, world), ReportedError);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(said.find(":1: rating: found \"x\"") != std::string::npos, world.is_root()) << said;
}

TEST(RatingsData, MovieLensLatestSmall) {
  const char* data = std::getenv("THALWEG_DATA");
  const std::string path =
      std::string(data == nullptr ? "" : data) + "/ml-latest-small/ratings.csv";
  if (data == nullptr || !std::filesystem::exists(path)) {
    GTEST_SKIP() << "THALWEG_DATA does not name a folder with ml-latest-small/ratings.csv";
  }
  const Ratings ratings = read_ratings(path);
  EXPECT_EQ(ratings.entries.size(), 100836);
  EXPECT_EQ(ratings.users.size(), 610U);
  EXPECT_EQ(ratings.items.size(), 9724U);
  EXPECT_EQ(ratings.users.back(), 610);
  EXPECT_EQ(ratings.items.back(), 193609);
  EXPECT_EQ(ratings.entries.value[0], 4.0);
  const auto& values = ratings.entries.value;
  EXPECT_EQ(*std::min_element(values.begin(), values.end()), 0.5);
  EXPECT_EQ(*std::max_element(values.begin(), values.end()), 5.0);
  // Multiples of a half: the sum is exact.
  EXPECT_EQ(std::accumulate(values.begin(), values.end(), 0.0), 353083.0);
  const auto sample = ratings_sample(ratings, {path, 0, 10000}, 1);
  EXPECT_EQ(sample.train.size(), 80668);
  EXPECT_EQ(sample.test.size(), 10168);
}

}  // namespace
}  // namespace thalweg
