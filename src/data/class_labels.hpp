#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/sample_files.hpp"

namespace thalweg {

/// Makes classes 0..c−1 of the distinct labels of both halves in ascending order, as the readers of
/// tables do; what the files call them goes into class_names, and where that is not 0..c−1 a notice
/// says so. Local. Throws ConfigurationError naming `path` if there is one class alone.
SampleHalves number_classes(SampleHalves halves, const std::string& path);

/// What to say of the labels of test samples that no training sample has: nothing could learn them.
/// `names` is what the files call the classes; empty: 0, 1, … . Empty if there are none. Local.
[[nodiscard]] std::string unseen_labels(std::span<const std::int32_t> train,
                                        std::span<const std::int32_t> test,
                                        const std::vector<std::string>& names);

}  // namespace thalweg
