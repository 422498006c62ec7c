#include "models/batch_norm.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "models/column_sums.hpp"

namespace thalweg {

namespace {

template <class Real>
class BatchNorm final : public Layer<Real> {
 public:
  BatchNorm(std::int64_t features, const BatchNormOptions& options, std::string name)
      : n_(features),
        positions_(options.positions),
        options_(options),
        name_(std::move(name)),
        running_(static_cast<std::size_t>(2 * features)) {
    std::fill(running_.begin(), running_.begin() + n_, 0.0);
    std::fill(running_.begin() + n_, running_.end(), 1.0);
  }

  std::int64_t inputs() const override { return n_ * positions_; }
  std::int64_t outputs() const override { return n_ * positions_; }
  bool elementwise() const override { return true; }
  std::vector<ParameterBlock> parameters() const override {
    return {{name_ + ".weight", 0, {n_}, true}, {name_ + ".bias", n_, {n_}, true}};
  }
  void initialise(std::span<Real> w, Stream& /*stream*/) const override {
    std::fill(w.begin(), w.begin() + n_, Real{1});
    std::fill(w.begin() + n_, w.end(), Real{0});
  }
  std::vector<std::span<double>> buffers() override { return {running_}; }

  void forward(const Pass<Real>& pass, const Real* w, const Real* in, Real* out) override {
    measure(pass, in);
    const Real* beta = w + n_;
    const Real least = floor_;
    for_each_row(
        pass, [&](std::int64_t row, std::int32_t /*group*/, const Real* mean, const Real* inverse) {
          const Real* x = in + row * n_;
          Real* y = out + row * n_;
          for_columns<Real>(n_, [&]<class V>(V zero, std::int64_t j) {
            const V value =
                take<V>(w + j) * ((take<V>(x + j) - take<V>(mean + j)) * take<V>(inverse + j)) +
                take<V>(beta + j);
            const V floor = least - zero;
            put(y + j, value < floor ? floor : value);
          });
        });
  }

  void backward(const Pass<Real>& pass, const Real* w, const Real* in, const Real* out,
                const Real* d_out, Real* d_in, GradientTree<Real>* gradient,
                std::int64_t offset) override {
    const Real least = floor_;
    const auto sums =
        group_sums<2>(pass, [&]<class V>(V zero, std::int64_t i, const V& mean, const V& inverse) {
          const V d = take<V>(out + i) > (least - zero) ? take<V>(d_out + i) : zero;
          return std::array<V, 2>{d, d * ((take<V>(in + i) - mean) * inverse)};
        });
    // γ's gradient is Σ δ x̂, β's is Σ δ.
    if (gradient != nullptr) {
      parameter_gradient(pass, *gradient, offset, sums.of_shards, 2, 1, 0);
    }
    if (d_in == nullptr) return;
    for_each_row(
        pass, [&](std::int64_t row, std::int32_t group, const Real* mean, const Real* inverse) {
          const Real* a = sums.mean_of(group, 0, n_);
          const Real* b = sums.mean_of(group, 1, n_);
          for_columns<Real>(n_, [&]<class V>(V zero, std::int64_t j) {
            const std::int64_t i = row * n_ + j;
            const V d = take<V>(out + i) > (least - zero) ? take<V>(d_out + i) : zero;
            const V scale = take<V>(inverse + j);
            const V x_hat = (take<V>(in + i) - take<V>(mean + j)) * scale;
            put(d_in + i, take<V>(w + j) * scale * (d - take<V>(a + j) - x_hat * take<V>(b + j)));
          });
        });
  }

  bool mixes_samples(Statistics statistics) const override {
    return statistics == Statistics::batch;
  }
  bool mixes_shards(Statistics statistics) const override {
    return statistics == Statistics::batch && options_.ghost_size == 0;
  }

  bool has_tangent_factors() const override { return positions_ == 1; }
  std::vector<TangentFactor> tangent_factors() const override {
    return {{0, n_, false}, {n_, n_, false}};
  }

  void tangent_left(const Pass<Real>& pass, std::size_t which, const Real* in, const Real* out,
                    const Real* d_out, Real* left) override {
    for_each_row(
        pass, [&](std::int64_t row, std::int32_t /*group*/, const Real* mean, const Real* inverse) {
          for (std::int64_t j = 0; j < n_; ++j) {
            const std::int64_t i = row * n_ + j;
            const Real d = out[i] > floor_ ? d_out[i] : Real{0};
            left[i] = which == 0 ? d * ((in[i] - mean[j]) * inverse[j]) : d;
          }
        });
  }

  void r_forward(const Pass<Real>& pass, const Real* w, const Real* v, const Real* in,
                 const Real* r_in, const Real* out, Real* r_out) override {
    if (r_in == nullptr) r_in = zeros(pass);
    const Real least = floor_;
    r_sums_ = group_sums<2>(
        pass, [&]<class V>(V /*zero*/, std::int64_t i, const V& mean, const V& inverse) {
          const V r_x = take<V>(r_in + i);
          return std::array<V, 2>{r_x, r_x * ((take<V>(in + i) - mean) * inverse)};
        });
    for_each_row(
        pass, [&](std::int64_t row, std::int32_t group, const Real* mean, const Real* inverse) {
          const Real* r_mean = r_sums_.mean_of(group, 0, n_);
          const Real* m = r_sums_.mean_of(group, 1, n_);
          for_columns<Real>(n_, [&]<class V>(V zero, std::int64_t j) {
            const std::int64_t i = row * n_ + j;
            const V scale = take<V>(inverse + j);
            const V x_hat = (take<V>(in + i) - take<V>(mean + j)) * scale;
            const V r_x_hat =
                scale * (take<V>(r_in + i) - take<V>(r_mean + j) - x_hat * take<V>(m + j));
            const V r_y = take<V>(v + j) * x_hat + take<V>(w + j) * r_x_hat + take<V>(v + n_ + j);
            put(r_out + i, take<V>(out + i) > (least - zero) ? r_y : zero);
          });
        });
  }

  void r_backward(const Pass<Real>& pass, const Real* w, const Real* v, const Real* in,
                  const Real* r_in, const Real* out, const Real* d_out, const Real* r_d_out,
                  Real* r_d_in, GradientTree<Real>& product, std::int64_t offset) override {
    if (r_in == nullptr) r_in = zeros(pass);
    const Real least = floor_;
    const auto sums = group_sums_by_row<4>(
        pass, [&]<class V>(V zero, std::int64_t i, std::int64_t j, const V& mean, const V& inverse,
                           std::int32_t group) {
          const V r_mean = take<V>(r_sums_.mean_of(group, 0, n_) + j);
          const V m = take<V>(r_sums_.mean_of(group, 1, n_) + j);
          const auto open = take<V>(out + i) > (least - zero);
          const V d = open ? take<V>(d_out + i) : zero;
          const V r_d = open ? take<V>(r_d_out + i) : zero;
          const V x_hat = (take<V>(in + i) - mean) * inverse;
          const V r_x_hat = inverse * (take<V>(r_in + i) - r_mean - x_hat * m);
          return std::array<V, 4>{d, d * x_hat, r_d, r_d * x_hat + d * r_x_hat};
        });
    parameter_gradient(pass, product, offset, sums.of_shards, 4, 3, 2);
    if (r_d_in == nullptr) return;
    const Real moving = pass.statistics == Statistics::batch ? Real{1} : Real{0};
    for_each_row(pass, [&](std::int64_t row, std::int32_t group, const Real* mean,
                           const Real* inverse) {
      const Real* a = sums.mean_of(group, 0, n_);
      const Real* b = sums.mean_of(group, 1, n_);
      const Real* r_a = sums.mean_of(group, 2, n_);
      const Real* r_b = sums.mean_of(group, 3, n_);
      const Real* r_mean = r_sums_.mean_of(group, 0, n_);
      const Real* r_m = r_sums_.mean_of(group, 1, n_);
      for_columns<Real>(n_, [&]<class V>(V zero, std::int64_t j) {
        const std::int64_t i = row * n_ + j;
        const auto open = take<V>(out + i) > (least - zero);
        const V d = open ? take<V>(d_out + i) : zero;
        const V r_d = open ? take<V>(r_d_out + i) : zero;
        const V r = take<V>(inverse + j);
        const V m = take<V>(r_m + j);
        const V gamma = take<V>(w + j);
        // The inverse deviation moves with the batch, and not when it is frozen.
        const V r_r = (zero - moving) * (r * r * m);
        const V x_hat = (take<V>(in + i) - take<V>(mean + j)) * r;
        const V r_x_hat = r * (take<V>(r_in + i) - take<V>(r_mean + j) - x_hat * m);
        const V centred = d - take<V>(a + j) - x_hat * take<V>(b + j);
        put(r_d_in + i,
            (take<V>(v + j) * r + gamma * r_r) * centred +
                gamma * r *
                    (r_d - take<V>(r_a + j) - r_x_hat * take<V>(b + j) - x_hat * take<V>(r_b + j)));
      });
    });
  }

 private:
  /// Sums of K quantities: over each shard (for parameter gradients) and, divided by the number of
  /// samples, over each group that shares its statistics; the latter are zero when statistics are
  /// frozen.
  struct Sums {
    std::vector<double> of_shards;    // local shards × K × n
    AlignedVector<Real> group_means;  // local groups × K × n
    std::int64_t quantities = 0;
    const Real* mean_of(std::int32_t group, std::int64_t quantity, std::int64_t n) const {
      return group_means.data() + (group * quantities + quantity) * n;
    }
  };

  /// Mean and inverse deviation of each group of rows; decides which group a local row belongs to.
  void measure(const Pass<Real>& pass, const Real* in) {
    const BatchLayout& layout = pass.layout;
    const Range rows = layout.rows();
    const bool ghost = pass.statistics == Statistics::batch && options_.ghost_size > 0;
    const std::int64_t first = ghost ? rows.begin / options_.ghost_size : 0;
    group_of_row_.resize(static_cast<std::size_t>(rows.size()));
    for (std::int64_t row = 0; row < rows.size(); ++row) {
      group_of_row_[static_cast<std::size_t>(row)] =
          static_cast<std::int32_t>(ghost ? (rows.begin + row) / options_.ghost_size - first : 0);
    }
    const std::int64_t groups = rows.size() == 0 ? 0 : group_of_row_.back() + 1;
    values_.assign(static_cast<std::size_t>(std::max<std::int64_t>(groups, 1)), 0.0);
    for (const auto group : group_of_row_) {
      values_[static_cast<std::size_t>(group)] += static_cast<double>(positions_);
    }
    if (!ghost) values_[0] = static_cast<double>(layout.batch() * positions_);

    if (pass.statistics == Statistics::frozen) {
      set_moments(std::max<std::int64_t>(groups, 1), running_);
      return;
    }
    if (!ghost) {
      std::vector<double> moments;
      for (std::int64_t shard = layout.shards().begin; shard < layout.shards().end; ++shard) {
        const auto of_shard = column_moments(in, pixels(layout.local_rows_of(shard)), n_);
        moments.insert(moments.end(), of_shard.begin(), of_shard.end());
      }
      auto all = layout.reduction().all_merge(moments, 2 * n_ + 1, merge_moments);
      std::vector<double> mean_and_variance(all.begin() + 1, all.end());
      for (std::int64_t j = 0; j < n_; ++j)
        mean_and_variance[static_cast<std::size_t>(n_ + j)] /= all[0];
      set_moments(1, mean_and_variance);
      if (pass.update_running) update_running(pass, mean_and_variance, all[0]);
      return;
    }
    std::vector<double> moments;
    // Running averages follow the mean over all groups of their moments.
    std::vector<double> by_shard(static_cast<std::size_t>(layout.shards().size() * (2 * n_ + 1)),
                                 0.0);
    for (std::int64_t group = 0; group < groups; ++group) {
      const std::int64_t begin = (first + group) * options_.ghost_size;
      const Range range{begin - rows.begin,
                        std::min(begin + options_.ghost_size, rows.end) - rows.begin};
      auto of_group = column_moments(in, pixels(range), n_);
      double* sum =
          by_shard.data() + (begin / layout.shard() - layout.shards().begin) * (2 * n_ + 1);
      sum[0] += 1.0;
      const double unbiased = of_group[0] / std::max(of_group[0] - 1.0, 1.0);
      for (std::int64_t j = 0; j < n_; ++j) {
        double& variance = of_group[static_cast<std::size_t>(1 + n_ + j)];
        variance /= of_group[0];
        sum[1 + j] += of_group[static_cast<std::size_t>(1 + j)];
        sum[1 + n_ + j] += unbiased * variance;
      }
      moments.insert(moments.end(), of_group.begin() + 1, of_group.end());
    }
    set_moments(groups, moments);
    if (pass.update_running) {
      const auto all = layout.reduction().all_sum(by_shard, 2 * n_ + 1);
      for (std::size_t j = 0; j < running_.size(); ++j)
        blend(pass, running_[j], all[j + 1] / all[0]);
    }
  }

  void set_moments(std::int64_t groups, std::span<const double> moments) {
    mean_.resize(static_cast<std::size_t>(groups * n_));
    inverse_.resize(static_cast<std::size_t>(groups * n_));
    for (std::int64_t group = 0; group < groups; ++group) {
      for (std::int64_t j = 0; j < n_; ++j) {
        const auto at = static_cast<std::size_t>(group * n_ + j);
        const auto from = static_cast<std::size_t>(group * 2 * n_ + j);
        mean_[at] = static_cast<Real>(moments[from]);
        inverse_[at] = static_cast<Real>(
            1.0 / std::sqrt(moments[from + static_cast<std::size_t>(n_)] + options_.epsilon));
      }
    }
  }

  static void blend(const Pass<Real>& pass, double& running, double fresh) {
    running = (1.0 - pass.running_momentum) * running + pass.running_momentum * fresh;
  }

  void update_running(const Pass<Real>& pass, std::span<const double> mean_and_variance,
                      double count) {
    const double unbiased = count / std::max(count - 1.0, 1.0);
    for (std::int64_t j = 0; j < n_; ++j) {
      const auto at = static_cast<std::size_t>(j);
      const auto variance_at = static_cast<std::size_t>(n_ + j);
      blend(pass, running_[at], mean_and_variance[at]);
      blend(pass, running_[variance_at], unbiased * mean_and_variance[variance_at]);
    }
  }

  /// What an input that no parameter moves has for its R-derivative.
  const Real* zeros(const Pass<Real>& pass) {
    zeros_.assign(static_cast<std::size_t>(pass.layout.rows().size() * inputs()), Real{0});
    return zeros_.data();
  }

  /// Rows of samples as rows of n numbers.
  Range pixels(Range rows) const { return {rows.begin * positions_, rows.end * positions_}; }

  /// Calls row_function(pixel, group, mean, inverse deviation) for all n numbers of each position
  /// of each local sample.
  template <class Row>
  void for_each_row(const Pass<Real>& pass, Row&& row_function) const {
    const std::int64_t rows = pass.layout.rows().size();
    for (std::int64_t row = 0; row < rows; ++row) {
      const std::int32_t group = group_of_row_[static_cast<std::size_t>(row)];
      const Real* mean = mean_.data() + group * n_;
      const Real* inverse = inverse_.data() + group * n_;
      for (std::int64_t pixel = row * positions_; pixel < (row + 1) * positions_; ++pixel) {
        row_function(pixel, group, mean, inverse);
      }
    }
  }

  template <int K, class Term>
  Sums group_sums(const Pass<Real>& pass, Term&& term) const {
    return group_sums_by_row<K>(
        pass, [&term]<class V>(V zero, std::int64_t i, std::int64_t /*j*/, const V& mean,
                               const V& inverse,
                               std::int32_t /*group*/) { return term(zero, i, mean, inverse); });
  }

  template <int K, class Term>
  Sums group_sums_by_row(const Pass<Real>& pass, Term&& term) const {
    const BatchLayout& layout = pass.layout;
    const bool frozen = pass.statistics == Statistics::frozen;
    const bool ghost = !frozen && options_.ghost_size > 0;
    const auto width = static_cast<std::size_t>(K * n_);
    Sums sums;
    sums.quantities = K;
    sums.of_shards.assign(static_cast<std::size_t>(layout.shards().size()) * width, 0.0);
    sums.group_means.assign(values_.size() * width, Real{0});
    std::vector<double> of_group(width);
    for (std::int64_t shard = layout.shards().begin; shard < layout.shards().end; ++shard) {
      const Range rows = layout.local_rows_of(shard);
      double* total =
          sums.of_shards.data() + static_cast<std::size_t>(shard - layout.shards().begin) * width;
      const std::int64_t piece = ghost ? options_.ghost_size : rows.size();
      for (std::int64_t begin = rows.begin; begin < rows.end; begin += piece) {
        const std::int32_t group = group_of_row_[static_cast<std::size_t>(begin)];
        const Real* mean = mean_.data() + group * n_;
        const Real* inverse = inverse_.data() + group * n_;
        column_sums<K, Real>(
            pixels({begin, std::min(begin + piece, rows.end)}), n_,
            [&]<class V>(V zero, std::int64_t i, std::int64_t j) {
              return term(zero, i, j, take<V>(mean + j), take<V>(inverse + j), group);
            },
            of_group);
        for (std::size_t at = 0; at < width; ++at) total[at] += of_group[at];
        if (!ghost) continue;
        Real* means = sums.group_means.data() + static_cast<std::size_t>(group) * width;
        for (std::size_t at = 0; at < width; ++at) {
          means[at] = static_cast<Real>(of_group[at] / values_[static_cast<std::size_t>(group)]);
        }
      }
    }
    if (!ghost && !frozen) {
      const auto all = layout.reduction().all_sum(sums.of_shards, static_cast<std::int64_t>(width));
      for (std::size_t at = 0; at < width; ++at) {
        sums.group_means[at] = static_cast<Real>(all[at] / values_[0]);
      }
    }
    return sums;
  }

  void parameter_gradient(const Pass<Real>& pass, GradientTree<Real>& tree, std::int64_t offset,
                          const std::vector<double>& of_shards, std::int64_t quantities,
                          std::int64_t gamma_quantity, std::int64_t beta_quantity) const {
    tree.accumulate(offset, 2 * n_, [&](std::int64_t shard, Real* target, bool add) {
      const double* sums =
          of_shards.data() + (shard - pass.layout.shards().begin) * quantities * n_;
      for (std::int64_t j = 0; j < n_; ++j) {
        const Real d_gamma = static_cast<Real>(sums[gamma_quantity * n_ + j]);
        const Real d_beta = static_cast<Real>(sums[beta_quantity * n_ + j]);
        target[j] = add ? target[j] + d_gamma : d_gamma;
        target[n_ + j] = add ? target[n_ + j] + d_beta : d_beta;
      }
    });
  }

  std::int64_t n_;
  std::int64_t positions_;
  BatchNormOptions options_;
  std::string name_;
  std::vector<double> running_;
  /// What the output is cut at from below: 0 with the ReLU, otherwise nothing.
  Real floor_ = options_.relu ? Real{0} : -std::numeric_limits<Real>::infinity();

  std::vector<std::int32_t> group_of_row_;
  std::vector<double> values_;  // samples × positions of each local group
  AlignedVector<Real> mean_;
  AlignedVector<Real> inverse_;
  Sums r_sums_;
  AlignedVector<Real> zeros_;
};

}  // namespace

template <class Real>
std::unique_ptr<Layer<Real>> make_batch_norm(std::int64_t features, const BatchNormOptions& options,
                                             const std::string& name) {
  return std::make_unique<BatchNorm<Real>>(features, options, name);
}

template std::unique_ptr<Layer<float>> make_batch_norm(std::int64_t, const BatchNormOptions&,
                                                       const std::string&);
template std::unique_ptr<Layer<double>> make_batch_norm(std::int64_t, const BatchNormOptions&,
                                                        const std::string&);

}  // namespace thalweg
