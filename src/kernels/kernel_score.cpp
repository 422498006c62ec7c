#include "kernels/kernel_score.hpp"

#include <vector>

namespace thalweg {

KernelScore score(std::span<const double> outputs, std::span<const std::int32_t> labels,
                  std::int64_t classes) {
  const double off = -1.0 / static_cast<double>(classes);
  const auto samples = static_cast<std::int64_t>(labels.size());
  std::int64_t right = 0;
  double loss = 0.0;
  for (std::int64_t i = 0; i < samples; ++i) {
    const double* output = outputs.data() + i * classes;
    const std::int64_t label = labels[static_cast<std::size_t>(i)];
    right += largest_output(output, classes, 1) == label ? 1 : 0;
    for (std::int64_t c = 0; c < classes; ++c) {
      const double difference = output[c] - (c == label ? 1.0 + off : off);
      loss += 0.5 * difference * difference;
    }
  }
  return {static_cast<double>(right) / static_cast<double>(samples),
          loss / static_cast<double>(samples)};
}

LeaveOneOutScore leave_one_out_score(std::span<const double> solution,
                                     std::span<const double> inverse_diagonal,
                                     std::span<const std::int32_t> labels, std::int64_t classes) {
  const auto n = static_cast<std::int64_t>(labels.size());
  const double off = -1.0 / static_cast<double>(classes);
  std::vector<double> outputs(static_cast<std::size_t>(n * classes));
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t c = 0; c < classes; ++c) {
      const double target = c == labels[static_cast<std::size_t>(i)] ? 1.0 + off : off;
      outputs[static_cast<std::size_t>(i * classes + c)] =
          target - solution[static_cast<std::size_t>(i + c * n)] /
                       inverse_diagonal[static_cast<std::size_t>(i)];
    }
  }
  const KernelScore result = score(outputs, labels, classes);
  return {result.loss, result.accuracy};
}

}  // namespace thalweg
