#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/matrix_entries.hpp"
#include "parallel/communicator.hpp"

namespace thalweg {

/// Which ratings are for what.
struct RatingsOptions {
  std::string path;             ///< a file, plain or .gz; layouts: README.md
  std::int64_t train = 0;       ///< ratings to train on; 0: four fifths of them
  std::int64_t validation = 0;  ///< ratings beside them; all others are for test
};

/// All ratings of a file: row r is the r-th user, column c the c-th item.
struct Ratings {
  MatrixEntries entries;
  std::vector<std::int64_t> users;  ///< identity of each row, ascending
  std::vector<std::int64_t> items;  ///< identity of each column, ascending
};

/// Reads ratings in one of MovieLens' layouts (Harper and Konstan 2015, ACM TiiS 5), told apart by
/// the first line: `ratings.csv`, `ratings.dat` or `u.data`. Local. Throws ConfigurationError
/// naming file and line.
[[nodiscard]] Ratings read_ratings(const std::string& path);

/// Deals the ratings out by a shuffle with this seed. Local, with the same bits on every rank.
/// Throws ConfigurationError if none are left to train on or to test.
[[nodiscard]] MatrixSample ratings_sample(const Ratings& ratings, const RatingsOptions& options,
                                          std::uint64_t seed);

/// Both of the above on the root, which sends the sample to all. Collective over `world`; throws
/// ReportedError on every rank.
[[nodiscard]] MatrixSample load_ratings(const RatingsOptions& options, std::uint64_t seed,
                                        const Communicator& world);

}  // namespace thalweg
