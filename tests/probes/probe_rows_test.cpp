#include "probes/probe_rows.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "records/masked_column.hpp"

namespace thalweg {
namespace {

const double kNone = std::nan("");

Measurement measurement(double ratio, std::vector<double> nodes) {
  Measurement found;
  found.scalars = {{"norm", 1.0, "1", "a norm"}, {"ratio", ratio, "1", "a ratio"}};
  found.details = {{"node", std::move(nodes), "start", "1", "nodes"},
                   {"exit", std::vector<std::string>{"a", "b"}, "start", "1", "words"}};
  return found;
}

std::vector<std::uint8_t> bytes(const Record& record, const std::string& path) {
  return std::get<std::vector<std::uint8_t>>(record.arrays.at(path).values);
}

// Padding, and a ratio at a zero gradient: a mask of the column's own shape, and none beside
// columns that are whole.
TEST(ProbeRows, WhatHasNoValueIsMasked) {
  ProbeRows rows;
  rows.add("p", 0, measurement(2.0, {1.0, kNone}));
  rows.add("p", 5, measurement(kNone, {1.0, 2.0}));
  Record record;
  rows.write_to(record);
  EXPECT_EQ(bytes(record, "/probes/p/ratio_valid"), (std::vector<std::uint8_t>{1, 0}));
  EXPECT_EQ(bytes(record, "/probes/p/node_valid"), (std::vector<std::uint8_t>{1, 0, 1, 1}));
  const Array& mask = record.arrays.at("/probes/p/node_valid");
  EXPECT_EQ(mask.shape, (std::vector<std::int64_t>{2, 2}));
  EXPECT_EQ(mask.dimensions, (std::vector<std::string>{"step", "start"}));
  EXPECT_FALSE(record.arrays.contains("/probes/p/norm_valid"));
  EXPECT_FALSE(record.arrays.contains("/probes/p/exit_valid"));
  const auto last = last_probe_values(record);
  EXPECT_EQ(last.size(), 2U);  // a mask is no value
  EXPECT_EQ(last[0].name, "p.norm");
  EXPECT_TRUE(std::isnan(last[1].value));
}

// A checkpoint between two rows, the mask being needed before it, after it, or on both sides.
TEST(ProbeRows, MasksGrowWithTheRowsOfAResumedRun) {
  for (const bool before : {false, true}) {
    for (const bool after : {false, true}) {
      ProbeRows first;
      first.add("p", 0, measurement(before ? kNone : 1.0, {1.0, 2.0}));
      Record checkpoint;
      first.write_to(checkpoint);
      ProbeRows second;
      second.read_from(checkpoint);
      EXPECT_TRUE(second.has("p", 0));
      second.add("p", 3, measurement(after ? INFINITY : 1.0, {1.0, 2.0}));
      Record record;
      second.write_to(record);
      EXPECT_EQ(record.arrays.contains("/probes/p/ratio_valid"), before || after);
      if (!before && !after) continue;
      EXPECT_EQ(bytes(record, "/probes/p/ratio_valid"),
                (std::vector<std::uint8_t>{before ? std::uint8_t{0} : std::uint8_t{1},
                                           after ? std::uint8_t{0} : std::uint8_t{1}}));
    }
  }
}

// Only what lies below the prefix: where every number must be one a mask would hide a fault.
TEST(MaskedColumn, MasksWhatLiesBelowAPrefix) {
  Record record;
  record.column("/a/x", std::vector<double>{1.0, kNone}, "i", "1", "x");
  record.column("/a/y", std::vector<float>{INFINITY, 1.0F}, "i", "1", "y");
  record.column("/a/n", std::vector<std::int64_t>{1, 2}, "i", "1", "n");
  record.column("/ab/x", std::vector<double>{kNone, 1.0}, "i", "1", "x");
  record.scalar("/a/s", kNone, "1", "s");
  mask_missing(record, "/a/");
  EXPECT_EQ(bytes(record, "/a/x_valid"), (std::vector<std::uint8_t>{1, 0}));
  EXPECT_EQ(bytes(record, "/a/y_valid"), (std::vector<std::uint8_t>{0, 1}));
  EXPECT_EQ(bytes(record, "/a/s_valid"), (std::vector<std::uint8_t>{0}));
  EXPECT_FALSE(record.arrays.contains("/a/n_valid"));
  EXPECT_FALSE(record.arrays.contains("/ab/x_valid"));
}

}  // namespace
}  // namespace thalweg
