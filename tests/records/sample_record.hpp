#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "records/provenance.hpp"
#include "records/record.hpp"

namespace thalweg::testing_support {

/// A small run with every type a record can hold.
inline Record sample_run() {
  Record record;
  record.attributes = {{"schema", std::string("thalweg/run")},
                       {"schema_version", std::int64_t{1}},
                       {"status", std::string("done")},
                       {"seed", std::int64_t{-7}},
                       {"temperature", 0.1},
                       {"hostnames", std::vector<std::string>{"node α", "node2"}},
                       {"empty", std::string()},
                       {"no_hosts", std::vector<std::string>{}}};
  record.group_attributes["/probes/line"] = {{"points", std::int64_t{3}}};
  record.column("/trajectory/step", std::vector<std::int64_t>{0, 10, 20}, "step", "1", "step");
  record.column("/trajectory/train_loss", std::vector<double>{2.5, 0.1, 5e-324}, "step", "1",
                "mean loss");
  record.column("/trajectory/elapsed_s", std::vector<double>{0.0, 1.0, 2.0}, "step", "s",
                "time since the start");
  record.column("/summary/run", std::vector<std::string>{"größe", "", "b"}, "run", "1", "run");
  record.arrays["/parameters/values"] =
      Array{std::vector<float>{1, 2, 3, 4, 5, 6}, {2, 3}, {"snapshot", "parameter"}, "1", "θ"};
  record.arrays["/parameters/done"] =
      Array{std::vector<std::uint8_t>{1, 0}, {2}, {"snapshot"}, "1", "mask"};
  record.arrays["/probes/line/empty"] =
      Array{std::vector<double>{}, {0, 3}, {"a", "b"}, "1", "none"};
  record.scalar("/probes/sharpness/value", 1.0 / 3.0, "percent", "sharpness");
  return record;
}

/// The sample as a whole file of the run schema, with everything that verify asks for.
inline Record sound_run() {
  Record record = sample_run();
  record.attributes.merge(provenance_attributes({}));
  return record;
}

}  // namespace thalweg::testing_support
