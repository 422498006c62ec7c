#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace thalweg {

inline constexpr const char* kStudySchema = "thalweg/study";
inline constexpr const char* kRunSchema = "thalweg/run";
inline constexpr const char* kGramSchema = "thalweg/gram";
inline constexpr const char* kProbeSchema = "thalweg/probe";  ///< measured later at a run's points
inline constexpr const char* kSnapshotSchema = "thalweg/snapshot";  ///< a run's point on its way
inline constexpr const char* kSurfaceSchema = "thalweg/surface";    ///< for plotting scripts
inline constexpr const char* kDirectionsSchema = "thalweg/directions";  ///< of a surface
inline constexpr const char* kConnectionSchema = "thalweg/connection";  ///< a path's control points
inline constexpr std::int64_t kSchemaVersion = 1;

/// Value of a run's root attribute `status` where NaN and infinity are allowed.
inline constexpr const char* kDiverged = "diverged";

/// In a run's record: the steps of which DIR/snapshots/RUN holds a file of the name below.
inline constexpr const char* kSnapshotSteps = "/snapshots/step";
/// step-000000042.h5
std::string snapshot_name(std::int64_t step);

/// What a file of a schema must have.
struct Schema {
  std::string name;
  std::vector<std::string> attributes;  ///< root attributes beside provenance and the schema itself
  std::vector<std::string> any_of;      ///< groups of which at least one must be there
  std::vector<std::string> arrays;      ///< datasets that must be there
};

/// All known schemas, in one place.
const std::vector<Schema>& schemas();
/// nullptr for an unknown name.
const Schema* find_schema(const std::string& name);

/// Columns that measure time: compared apart, for they differ from run to run.
bool is_timing(const std::string& array_path);

}  // namespace thalweg
