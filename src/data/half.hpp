#pragma once

namespace thalweg {

/// The half of a data set that something is about.
enum class Half { train, test };

}  // namespace thalweg
