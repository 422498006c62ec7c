#include "models/tangent_kernel.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "linalg/gemm.hpp"

namespace thalweg {

namespace {

/// What the parts of a Jacobian that are alive at one time may take, at most (or one column of a
/// layer's weights, where that is more).
constexpr std::int64_t kJacobianBytes = std::int64_t{32} << 20;

TangentMethod cheapest_of(const auto& network, TangentOutputs outputs) {
  // Costs a pair in the long run: blocks as the Gram assembly takes them.
  constexpr std::int64_t samples = 256;
  TangentMethod best = TangentMethod::structure;
  for (const auto method : {TangentMethod::jacobian, TangentMethod::products}) {
    if (tangent_cost(network, method, outputs, samples, samples).flops <
        tangent_cost(network, best, outputs, samples, samples).flops) {
      best = method;
    }
  }
  return best;
}

}  // namespace

const std::vector<std::string>& tangent_method_names() {
  static const std::vector<std::string> names{"jacobian", "products", "structure", "cheapest"};
  return names;
}

TangentMethod tangent_method_named(const std::string& name) {
  const auto& names = tangent_method_names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) throw Error(fmt::format("tangent kernel: no method '{}'", name));
  return static_cast<TangentMethod>(found - names.begin());
}

template <class Real>
TangentCost tangent_cost(const Network<Real>& network, TangentMethod method, TangentOutputs outputs,
                         std::int64_t n, std::int64_t m) {
  if (method == TangentMethod::cheapest) method = cheapest_of(network, outputs);
  const auto shape = network.tangent_shape();
  const auto o = static_cast<double>(shape.outputs);
  const double oo = outputs == TangentOutputs::mean ? o : o * o;
  const auto rows = static_cast<double>(n);
  const auto columns = static_cast<double>(m);
  const double element = sizeof(Real);
  const auto parameters = static_cast<double>(network.parameter_count());
  double forward = 0.0;
  double backward = 0.0;
  double of_features = 0.0;
  double pair = 0.0;
  for (const auto& block : shape.blocks) {
    const auto width = static_cast<double>(block.width);
    const auto right = static_cast<double>(block.right_width);
    if (forward > 0.0) backward += 2.0 * width * right;
    forward += 2.0 * width * right;
    of_features += o * width + right;
    pair += 2.0 * oo * width + 2.0 * right;
  }
  const double kernel_bytes = element * rows * columns * (oo / o) * (oo / o);
  const double feature_flops = (rows + columns) * (forward + o * backward);
  const double feature_bytes = 2.0 * element * (rows + columns) * of_features;
  switch (method) {
    case TangentMethod::jacobian:
      return {feature_flops + (rows + columns) * o * parameters +
                  2.0 * rows * columns * oo * parameters,
              feature_bytes + 2.0 * element * (rows + columns) * o * parameters + kernel_bytes};
    case TangentMethod::products:
      return {
          columns * o * (2.0 * forward + backward + rows * (forward + backward)) + rows * forward,
          columns * o * 4.0 * element * parameters + kernel_bytes};
    default:
      return {feature_flops + rows * columns * pair,
              feature_bytes + 3.0 * kernel_bytes * static_cast<double>(shape.blocks.size())};
  }
}

template <class Real>
TangentKernel<Real>::TangentKernel(Network<Real>& network, std::span<const Real> w,
                                   Statistics statistics, TangentMethod method,
                                   TangentOutputs outputs)
    : self_(Communicator::duplicate(MPI_COMM_SELF)),
      network_(&network),
      w_(w),
      statistics_(statistics),
      method_(method == TangentMethod::cheapest ? cheapest_of(network, outputs) : method),
      outputs_(outputs) {
  if (network.mixes_samples(statistics)) {
    throw ConfigurationError(
        "tangent kernel: batch norm over the batch makes a sample's output depend on the others; "
        "expected statistics = \"frozen\" or batch_norm = \"none\"");
  }
  if (static_cast<std::int64_t>(w.size()) != network.parameter_count()) {
    throw Error(fmt::format("tangent kernel: {} parameters given, the network has {}", w.size(),
                            network.parameter_count()));
  }
}

template <class Real>
TangentFeatures<Real> TangentKernel<Real>::features(const Real* rows, std::int64_t samples) {
  const BatchLayout layout(self_, samples, samples);
  return network_->tangent_features({layout, gemm_, statistics_, false}, w_, rows);
}

template <class Real>
std::int64_t TangentKernel<Real>::feature_bytes() const {
  const auto shape = network_->tangent_shape();
  std::int64_t numbers = 0;
  for (const auto& block : shape.blocks) numbers += shape.outputs * block.width + block.right_width;
  return numbers * static_cast<std::int64_t>(sizeof(Real));
}

template <class Real>
void TangentKernel<Real>::block(const TangentFeatures<Real>& rows,
                                const TangentFeatures<Real>& columns, Real* values) const {
  if (method_ == TangentMethod::jacobian) {
    by_jacobian(rows, columns, values);
  } else {
    by_structure(rows, columns, values);
  }
}

template <class Real>
void TangentKernel<Real>::block(const Real* rows, std::int64_t n, const Real* columns,
                                std::int64_t m, Real* values) {
  if (method_ == TangentMethod::products) {
    by_products(rows, n, columns, m, values);
    return;
  }
  const auto of_rows = features(rows, n);
  if (rows == columns && n == m) {
    block(of_rows, of_rows, values);
  } else {
    block(of_rows, features(columns, m), values);
  }
}

template <class Real>
void TangentKernel<Real>::by_structure(const TangentFeatures<Real>& rows,
                                       const TangentFeatures<Real>& columns, Real* values) const {
  const std::int64_t n = rows.samples;
  const std::int64_t m = columns.samples;
  const std::int64_t k = width();
  const bool mean = outputs_ == TangentOutputs::mean;
  AlignedVector<Real> of_left(static_cast<std::size_t>(n * k * m * k));
  AlignedVector<Real> of_right(static_cast<std::size_t>(n * m));
  std::fill_n(values, n * k * m * k, Real{0});
  for (std::size_t b = 0; b < rows.blocks.size(); ++b) {
    const auto& of_row = rows.blocks[b];
    const auto& of_column = columns.blocks[b];
    // The sum over outputs of the mean is one longer inner product.
    const std::int64_t inner = mean ? rows.outputs * of_row.width : of_row.width;
    gemm(false, true, n * k, m * k, inner, Real{1}, of_row.left.data(), of_column.left.data(),
         Real{0}, of_left.data());
    if (of_row.right_width == 0) {
      for (std::int64_t i = 0; i < n * k * m * k; ++i) {
        values[i] += of_left[static_cast<std::size_t>(i)];
      }
      continue;
    }
    gemm(false, true, n, m, of_row.right_width, Real{1}, of_row.right.data(),
         of_column.right.data(), Real{0}, of_right.data());
    for (std::int64_t row = 0; row < n * k; ++row) {
      const Real* right = of_right.data() + row / k * m;
      const Real* left = of_left.data() + row * m * k;
      Real* to = values + row * m * k;
      for (std::int64_t j = 0; j < m; ++j) {
        for (std::int64_t q = 0; q < k; ++q) to[j * k + q] += left[j * k + q] * right[j];
      }
    }
  }
  if (!mean) return;
  const Real share = static_cast<Real>(1.0 / static_cast<double>(rows.outputs));
  for (std::int64_t i = 0; i < n * m; ++i) values[i] *= share;
}

namespace {

/// Rows of the Jacobian (samples · outputs) by the parameters left columns [begin, end) × all of
/// right.
template <class Real>
void jacobian_columns(const TangentFeatures<Real>& features, std::size_t which, std::int64_t begin,
                      std::int64_t end, AlignedVector<Real>& jacobian) {
  const auto& block = features.blocks[which];
  const std::int64_t right_width = std::max<std::int64_t>(block.right_width, 1);
  const std::int64_t stride = (end - begin) * right_width;
  jacobian.resize(static_cast<std::size_t>(features.samples * features.outputs * stride));
  for (std::int64_t row = 0; row < features.samples * features.outputs; ++row) {
    const Real* left = block.left.data() + row * block.width;
    const Real* right = block.right.data() + row / features.outputs * block.right_width;
    Real* to = jacobian.data() + row * stride;
    for (std::int64_t c = begin; c < end; ++c, to += right_width) {
      if (block.right_width == 0) {
        to[0] = left[c];
        continue;
      }
      for (std::int64_t i = 0; i < right_width; ++i) to[i] = left[c] * right[i];
    }
  }
}

}  // namespace

template <class Real>
void TangentKernel<Real>::by_jacobian(const TangentFeatures<Real>& rows,
                                      const TangentFeatures<Real>& columns, Real* values) const {
  const std::int64_t n = rows.samples;
  const std::int64_t m = columns.samples;
  const std::int64_t k = width();
  const bool mean = outputs_ == TangentOutputs::mean;
  const bool same = &rows == &columns;
  const Real scale = mean ? static_cast<Real>(1.0 / static_cast<double>(rows.outputs)) : Real{1};
  AlignedVector<Real> of_rows;
  AlignedVector<Real> of_columns;
  std::fill_n(values, n * k * m * k, Real{0});
  for (std::size_t b = 0; b < rows.blocks.size(); ++b) {
    const auto& block = rows.blocks[b];
    const std::int64_t right_width = std::max<std::int64_t>(block.right_width, 1);
    const std::int64_t column_bytes =
        (n + m) * rows.outputs * right_width * static_cast<std::int64_t>(sizeof(Real));
    const std::int64_t step = std::max<std::int64_t>(1, kJacobianBytes / column_bytes);
    for (std::int64_t begin = 0; begin < block.width; begin += step) {
      const std::int64_t end = std::min(begin + step, block.width);
      jacobian_columns(rows, b, begin, end, of_rows);
      if (!same) jacobian_columns(columns, b, begin, end, of_columns);
      const Real* other = same ? of_rows.data() : of_columns.data();
      // Rows are samples × outputs: seen as one long row a sample, the product sums over outputs.
      const std::int64_t inner = (end - begin) * right_width * (mean ? rows.outputs : 1);
      gemm(false, true, n * k, m * k, inner, scale, of_rows.data(), other, Real{1}, values);
    }
  }
}

template <class Real>
void TangentKernel<Real>::by_products(const Real* rows, std::int64_t n, const Real* columns,
                                      std::int64_t m, Real* values) {
  const std::int64_t o = network_->outputs();
  const std::int64_t k = width();
  const bool mean = outputs_ == TangentOutputs::mean;
  const auto parameters = static_cast<std::size_t>(network_->parameter_count());
  const auto bytes = static_cast<std::int64_t>(parameters * sizeof(Real));
  const std::int64_t at_once = std::clamp<std::int64_t>(kJacobianBytes / bytes, 1, m * o);
  const BatchLayout alone(self_, 1, 1);
  const BatchLayout layout(self_, n, n);
  std::fill_n(values, n * k * m * k, Real{0});
  std::vector<AlignedVector<Real>> gradients;
  GradientTree<Real> tree;
  AlignedVector<Real> d_out;
  const Real scale = static_cast<Real>(1.0 / static_cast<double>(o));
  for (std::int64_t begin = 0; begin < m * o; begin += at_once) {
    const std::int64_t end = std::min(begin + at_once, m * o);
    gradients.clear();
    for (std::int64_t c = begin; c < end; ++c) {  // Jᵀe of column sample c / o, output c % o
      const Pass<Real> pass{alone, gemm_, statistics_, false};
      const Real* sample = columns + c / o * network_->inputs();
      network_->forward(pass, w_, sample);
      d_out.assign(static_cast<std::size_t>(o), Real{0});
      d_out[static_cast<std::size_t>(c % o)] = Real{1};
      tree.reset(alone, network_->parameter_count());
      network_->backward(pass, w_, sample, d_out.data(), tree);
      gradients.push_back(tree.node_sums().front());
    }
    const Pass<Real> pass{layout, gemm_, statistics_, false};
    network_->forward(pass, w_, rows);
    for (std::int64_t c = begin; c < end; ++c) {
      const auto& direction = gradients[static_cast<std::size_t>(c - begin)];
      const Real* moved = network_->r_forward(pass, w_, direction, rows);
      for (std::int64_t i = 0; i < n; ++i) {
        if (mean) {
          values[i * m + c / o] += scale * moved[i * o + c % o];
        } else {
          for (std::int64_t p = 0; p < o; ++p) values[(i * o + p) * m * o + c] = moved[i * o + p];
        }
      }
    }
  }
}

template TangentCost tangent_cost(const Network<float>&, TangentMethod, TangentOutputs,
                                  std::int64_t, std::int64_t);
template TangentCost tangent_cost(const Network<double>&, TangentMethod, TangentOutputs,
                                  std::int64_t, std::int64_t);
template class TangentKernel<float>;
template class TangentKernel<double>;

}  // namespace thalweg
