#include "models/tangent_gram.hpp"

#include <algorithm>

#include "parallel/partition.hpp"

namespace thalweg {

namespace {

constexpr std::int64_t kGramBlock = 64;
constexpr std::int64_t kFeatureBytes = std::int64_t{1} << 29;  // of rows, and of columns

struct TermPlace {
  std::int64_t row;
  std::int64_t column;
};

}  // namespace

template <class Real>
TangentPanels<Real>::TangentPanels(TangentKernel<Real>& kernel, std::span<const Real> rows,
                                   std::int64_t block, std::int64_t memory_bytes, bool padded)
    : kernel_(&kernel),
      rows_(rows),
      samples_(static_cast<std::int64_t>(rows.size()) / kernel.inputs()),
      block_(block),
      padded_(padded),
      kept_(static_cast<std::size_t>(
          std::max<std::int64_t>(2, memory_bytes / (block * kernel.feature_bytes())))) {
  if (!padded || samples_ % block_ == 0) return;
  last_.assign(static_cast<std::size_t>(block_ * kernel.inputs()), Real{0});
  const std::int64_t begin = samples_ / block_ * block_ * kernel.inputs();
  std::copy(rows.begin() + begin, rows.end(), last_.begin());
}

template <class Real>
std::int64_t TangentPanels<Real>::size(std::int64_t panel) const {
  return padded_ ? block_ : std::min(block_, samples_ - panel * block_);
}

template <class Real>
const Real* TangentPanels<Real>::rows(std::int64_t panel) const {
  if (!last_.empty() && panel + 1 == count()) return last_.data();
  return rows_.data() + panel * block_ * kernel_->inputs();
}

template <class Real>
std::shared_ptr<const TangentFeatures<Real>> TangentPanels<Real>::features(std::int64_t panel) {
  const auto found = std::find_if(latest_.begin(), latest_.end(),
                                  [&](const Entry& entry) { return entry.first == panel; });
  if (found != latest_.end()) {
    latest_.splice(latest_.begin(), latest_, found);
    return latest_.front().second;
  }
  if (latest_.size() >= kept_) latest_.pop_back();
  auto made =
      std::make_shared<const TangentFeatures<Real>>(kernel_->features(rows(panel), size(panel)));
  latest_.emplace_front(panel, std::move(made));
  return latest_.front().second;
}

template <class Real>
void tangent_block(TangentKernel<Real>& kernel, TangentPanels<Real>& rows, std::int64_t row,
                   TangentPanels<Real>& columns, std::int64_t column, Real* values) {
  if (kernel.method() == TangentMethod::products) {
    kernel.block(rows.rows(row), rows.size(row), columns.rows(column), columns.size(column),
                 values);
    return;
  }
  const auto of_rows = rows.features(row);
  const auto of_columns = columns.features(column);
  kernel.block(*of_rows, *of_columns, values);
}

template <class Real>
std::vector<Real> tangent_gram(const Communicator& team, TangentKernel<Real>& kernel,
                               std::span<const Real> rows, std::span<const Real> columns) {
  const bool symmetric = rows.data() == columns.data() && rows.size() == columns.size();
  TangentPanels<Real> row_panels(kernel, rows, kGramBlock, kFeatureBytes);
  TangentPanels<Real> column_panels(kernel, columns, kGramBlock, kFeatureBytes);
  TangentPanels<Real>& other = symmetric ? row_panels : column_panels;
  const std::int64_t k = kernel.width();
  std::vector<TermPlace> places;
  std::vector<std::int64_t> sizes;
  for (std::int64_t row = 0; row < row_panels.count(); ++row) {
    for (std::int64_t column = symmetric ? row : 0; column < other.count(); ++column) {
      places.push_back({row, column});
      sizes.push_back(row_panels.size(row) * k * other.size(column) * k);
    }
  }
  const Partition parts(static_cast<std::int64_t>(places.size()), team.size());
  std::vector<std::int64_t> counts;
  std::int64_t total = 0;
  for (int rank = 0; rank < team.size(); ++rank) {
    std::int64_t count = 0;
    for (std::int64_t at = parts.of(rank).begin; at < parts.of(rank).end; ++at) {
      count += sizes[static_cast<std::size_t>(at)];
    }
    counts.push_back(count);
    total += count;
  }
  std::vector<Real> blocks(static_cast<std::size_t>(total));
  std::int64_t offset = 0;
  for (int rank = 0; rank < team.rank(); ++rank) offset += counts[static_cast<std::size_t>(rank)];
  const Range mine = parts.of(team.rank());
  collectively(team, [&] {
    for (std::int64_t at = mine.begin; at < mine.end; ++at) {
      const TermPlace place = places[static_cast<std::size_t>(at)];
      tangent_block(kernel, row_panels, place.row, other, place.column, blocks.data() + offset);
      offset += sizes[static_cast<std::size_t>(at)];
    }
  });
  team.all_gather_in_place(std::span<Real>(blocks), std::span<const std::int64_t>(counts));

  const std::int64_t height = row_panels.samples() * k;
  const std::int64_t width = other.samples() * k;
  std::vector<Real> gram(static_cast<std::size_t>(height * width));
  const Real* from = blocks.data();
  for (const auto& place : places) {
    const std::int64_t first_row = place.row * kGramBlock * k;
    const std::int64_t first_column = place.column * kGramBlock * k;
    const std::int64_t n = row_panels.size(place.row) * k;
    const std::int64_t m = other.size(place.column) * k;
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t j = 0; j < m; ++j) {
        const std::int64_t row = first_row + i;
        const std::int64_t column = first_column + j;
        const Real value = from[i * m + j];
        if (symmetric && row > column) continue;
        gram[static_cast<std::size_t>(row * width + column)] = value;
        if (symmetric) gram[static_cast<std::size_t>(column * width + row)] = value;
      }
    }
    from += n * m;
  }
  return gram;
}

template class TangentPanels<float>;
template class TangentPanels<double>;
template void tangent_block(TangentKernel<float>&, TangentPanels<float>&, std::int64_t,
                            TangentPanels<float>&, std::int64_t, float*);
template void tangent_block(TangentKernel<double>&, TangentPanels<double>&, std::int64_t,
                            TangentPanels<double>&, std::int64_t, double*);
template std::vector<float> tangent_gram(const Communicator&, TangentKernel<float>&,
                                         std::span<const float>, std::span<const float>);
template std::vector<double> tangent_gram(const Communicator&, TangentKernel<double>&,
                                          std::span<const double>, std::span<const double>);

}  // namespace thalweg
