#include "kernels/empirical_kernel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "models/tangent_gram.hpp"

namespace thalweg {

namespace {

constexpr std::int64_t kFeatureBytes = std::int64_t{1} << 29;
constexpr std::int64_t kNarrowestStrip = 32;

template <class Real>
std::int64_t strips_of(const Network<Real>& network, TangentMethod method, double strip_flops,
                       std::int64_t block) {
  std::int64_t strips = 1;
  while (block % (2 * strips) == 0 && block / (2 * strips) >= kNarrowestStrip &&
         tangent_cost(network, method, TangentOutputs::mean, block, block / strips).flops >
             strip_flops) {
    strips *= 2;
  }
  return strips;
}

/// FNV-1a over the bits of the values.
template <class T>
std::uint64_t hash_of(std::span<const T> values, std::uint64_t hash = 0xcbf29ce484222325ULL) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(values.data());
  for (std::size_t i = 0; i < values.size_bytes(); ++i) {
    hash = (hash ^ bytes[i]) * 0x100000001b3ULL;
  }
  return hash;
}

template <class Real>
class EmpiricalTiles final : public KernelTiles<Real> {
 public:
  EmpiricalTiles(Network<Real> network, std::vector<Real> w, const EmpiricalKernelOptions& options,
                 const Samples<Real>& rows, const Samples<Real>& columns, std::int64_t block)
      : network_(std::move(network)),
        w_(std::move(w)),
        kernel_(network_, w_, Statistics::frozen, options.method, TangentOutputs::mean),
        symmetric_(rows.same_as(columns)),
        block_(block),
        strips_(strips_of(network_, kernel_.method(), options.strip_flops, block)),
        rows_(kernel_, rows.rows, block, kFeatureBytes, true),
        columns_(kernel_, columns.rows, block / strips_, kFeatureBytes, true) {}

  [[nodiscard]] std::int64_t rows() const override { return rows_.samples(); }
  [[nodiscard]] std::int64_t columns() const override { return columns_.samples(); }
  [[nodiscard]] std::int64_t block() const override { return block_; }
  [[nodiscard]] bool symmetric() const override { return symmetric_; }
  [[nodiscard]] std::int64_t strips() const override { return strips_; }

  void compute_strip(std::int64_t row, std::int64_t column, std::int64_t strip,
                     Real* tile) const override {
    const std::int64_t panel = column * strips_ + strip;
    const std::int64_t width = block_ / strips_;
    Real* to = tile + strip * width * block_;
    if (panel >= columns_.count()) {
      std::fill_n(to, width * block_, Real{0});
      return;
    }
    // Row-major columns × rows is the column-major tile.
    TangentPanels<Real>& of_columns = symmetric_ && strips_ == 1 ? rows_ : columns_;
    tangent_block(kernel_, of_columns, panel, rows_, row, to);
  }

 private:
  // Work space of a pass, nothing that a tile's numbers depend on.
  mutable Network<Real> network_;
  std::vector<Real> w_;
  mutable TangentKernel<Real> kernel_;
  bool symmetric_;
  std::int64_t block_;
  std::int64_t strips_;
  mutable TangentPanels<Real> rows_;
  mutable TangentPanels<Real> columns_;
};

}  // namespace

template <class Real>
EmpiricalKernel<Real>::EmpiricalKernel(EmpiricalKernelOptions options)
    : options_(std::move(options)) {
  if (options_.network.batch_norm != BatchNormKind::none) {
    throw ConfigurationError(
        "empirical kernel: at initialisation batch norm has no statistics to freeze; expected "
        "batch_norm = \"none\"");
  }
}

template <class Real>
EmpiricalKernel<Real>::EmpiricalKernel(EmpiricalKernelOptions options, std::vector<Real> parameters,
                                       std::vector<double> buffers)
    : options_(std::move(options)),
      parameters_(std::move(parameters)),
      buffers_(std::move(buffers)) {
  if (parameters_.empty()) throw Error("empirical kernel: no parameters given");
}

template <class Real>
std::string EmpiricalKernel<Real>::description() const {
  const MlpOptions& net = options_.network;
  std::string text = "empirical NTK, mean over outputs, of an mlp with widths";
  for (const auto width : net.widths) text += fmt::format(" {}", width);
  text += fmt::format(" and {} outputs", net.outputs);
  if (net.batch_norm != BatchNormKind::none) text += ", frozen batch norm";
  text += net.parametrization == Parametrization::ntk
              ? fmt::format(", ntk parametrization, weight_std {}, bias_std {}", net.weight_std,
                            net.bias_std)
              : ", standard parametrization";
  if (parameters_.empty()) {
    text += fmt::format(", initial parameters of seed {}", options_.seed);
  } else {
    const auto hash =
        hash_of(std::span<const double>(buffers_), hash_of(std::span<const Real>(parameters_)));
    text += fmt::format(", parameters {:016x}", hash);
  }
  const auto method = static_cast<std::size_t>(options_.method);
  return text + ", by " + tangent_method_names()[method];
}

template <class Real>
std::unique_ptr<KernelTiles<Real>> EmpiricalKernel<Real>::between(const Communicator& /*comm*/,
                                                                  const Samples<Real>& rows,
                                                                  const Samples<Real>& columns,
                                                                  std::int64_t block) const {
  if (rows.features() != columns.features()) {
    throw Error(fmt::format("empirical kernel: samples of {} and of {} features", rows.features(),
                            columns.features()));
  }
  MlpOptions options = options_.network;
  options.inputs = rows.features();
  auto network = make_mlp<Real>(options);
  std::vector<Real> w = parameters_;
  if (w.empty()) {
    w.resize(static_cast<std::size_t>(network.parameter_count()));
    network.initialise(std::span<Real>(w), options_.seed);
  } else {
    network.set_buffers(buffers_);
  }
  return std::make_unique<EmpiricalTiles<Real>>(std::move(network), std::move(w), options_, rows,
                                                columns, block);
}

template class EmpiricalKernel<float>;
template class EmpiricalKernel<double>;

}  // namespace thalweg
