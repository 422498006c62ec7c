#include "planning/study_estimate.hpp"

#include <algorithm>

namespace thalweg {

double bytes_of(const std::vector<PlannedBytes>& parts) {
  double sum = 0.0;
  for (const auto& part : parts) sum += part.bytes;
  return sum;
}

void StudyEstimate::add(const StudyEstimate& other) {
  work.stages.insert(work.stages.end(), other.work.stages.begin(), other.work.stages.end());
  disk.insert(disk.end(), other.disk.begin(), other.disk.end());
  transient_disk.insert(transient_disk.end(), other.transient_disk.begin(),
                        other.transient_disk.end());
  notes.insert(notes.end(), other.notes.begin(), other.notes.end());
  gemm_flops_s = std::max(gemm_flops_s, other.gemm_flops_s);
  // One part follows the other: the largest decides.
  if (bytes_of(other.memory) > bytes_of(memory)) memory = other.memory;
}

}  // namespace thalweg
