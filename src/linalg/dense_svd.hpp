#pragma once

#include <cstdint>
#include <vector>

namespace thalweg {

/// A = left · diag(values) · right with k = min(rows, columns): values descending, left rows × k
/// and right k × columns, both row-major; empty where only values were asked for.
struct DenseSvd {
  std::vector<double> values;
  std::vector<double> left;
  std::vector<double> right;
};

/// Local. Of a row-major matrix that one rank holds (LAPACK dgesdd). Throws Error when it does not
/// converge or an element is not finite.
DenseSvd dense_svd(std::vector<double> matrix, std::int64_t rows, std::int64_t columns,
                   bool vectors);

}  // namespace thalweg
