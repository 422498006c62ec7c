#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "probes/measurement.hpp"
#include "records/record.hpp"

namespace thalweg {

/// Gathers what probes measure at the points of a run into columns of /probes/NAME: scalars over
/// /probes/NAME/step, details as rows × their own axis. Local.
class ProbeRows {
 public:
  void add(const std::string& probe, std::int64_t step, const Measurement& measurement);
  /// Whether the probe's latest row is of this step.
  [[nodiscard]] bool has(const std::string& probe, std::int64_t step) const;
  /// Adds /probes to `record`.
  void write_to(Record& record) const;
  /// The rows that write_to left in a checkpoint.
  void read_from(const Record& record);

 private:
  struct Rows {
    std::vector<std::int64_t> steps;
    std::vector<Measurement> measurements;
  };
  std::map<std::string, Record> earlier_;  // taken over from a checkpoint
  std::map<std::string, Rows> rows_;
};

/// The last value of one of a probe's scalars.
struct LastProbeValue {
  std::string name;  ///< PROBE.SCALAR
  double value = 0.0;
  std::string units;
  std::string long_name;
};

/// Of all probes of a run's record. Local.
std::vector<LastProbeValue> last_probe_values(const Record& run);

}  // namespace thalweg
