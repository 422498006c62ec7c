#include "records/schema.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace thalweg {

const std::vector<Schema>& schemas() {
  static const std::vector<Schema> all{
      {kStudySchema,
       {"seed", "config", "config_resolved"},
       {"/summary", "/kernel", "/small_data", "/uci", "/surfaces", "/connections"},
       {}},
      {kRunSchema, {"seed", "status"}, {"/trajectory"}, {}},
      {kSurfaceSchema, {}, {}, {"/xcoordinates", "/train_loss", "/dir_file"}},
      {kDirectionsSchema, {}, {"/xdirection"}, {}},
      {kConnectionSchema, {}, {"/parameters"}, {}},
      {kGramSchema, {}, {}, {"/gram", "/done"}},
      {kProbeSchema, {}, {"/probes"}, {}},
      {kSnapshotSchema,
       {"run", "step", "epoch"},
       {},
       {"/parameters/current", "/parameters/running_statistics"}},
  };
  return all;
}

const Schema* find_schema(const std::string& name) {
  const auto& all = schemas();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const Schema& schema) { return schema.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::string snapshot_name(std::int64_t step) {
  return fmt::format("step-{:09}.h5", step);
}

bool is_timing(const std::string& array_path) {
  return array_path.substr(array_path.rfind('/') + 1) == "elapsed_s" ||
         array_path.find("/timing/") != std::string::npos;
}

}  // namespace thalweg
