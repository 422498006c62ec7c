#include "probes/pac_bayes.hpp"

#include <map>

#include "base/error.hpp"
#include "objectives/network/accuracy.hpp"
#include "probes/estimate.hpp"
#include "probes/gaussian_cloud.hpp"
#include "probes/probe_kind.hpp"

namespace thalweg {

namespace {

/// The drop of accuracy at any σ, each evaluated once.
class AccuracyDrop {
 public:
  AccuracyDrop(Objective<double>& objective, std::span<const double> x, Subset subset,
               const PacBayesOptions& options)
      : classifier_(dynamic_cast<Accuracy<double>*>(&objective)),
        subset_(subset),
        options_(&options),
        cloud_(objective.space(), x, options.adaptive, options.seed, Purpose::pac_bayes) {
    if (classifier_ == nullptr) {
      throw ConfigurationError(
          "pac_bayes: the objective has no accuracy; expected the loss of a classifier");
    }
    here_ = classifier_->evaluate(x, subset).accuracy;
  }

  [[nodiscard]] double here() const { return here_; }

  const Estimate& at(double sigma) {
    const auto known = by_sigma_.find(sigma);
    if (known != by_sigma_.end()) return known->second;
    std::vector<double> drops;
    for (std::int64_t k = 0; k < options_->draws; ++k) {
      drops.push_back(here_ - classifier_->evaluate(cloud_.point(k, sigma), subset_).accuracy);
    }
    return by_sigma_.emplace(sigma, mean_of(drops)).first->second;
  }

  /// The largest σ up to the bound with at most this drop, by bisection; 0 where the bracket closes
  /// there.
  double largest_within(double allowed) {
    if (allowed < 0.0) return 0.0;  // at 0 the drop is none
    if (at(options_->largest).value <= allowed) return options_->largest;
    double low = 0.0;
    double high = options_->largest;
    constexpr int most = 40;  // for a bracket that closes on 0
    for (int k = 0; k < most && high - low > options_->tolerance * high; ++k) {
      const double middle = 0.5 * (low + high);
      (at(middle).value <= allowed ? low : high) = middle;
    }
    return low;
  }

  /// Is the drop within `allowed` at a quarter, a half and three quarters of σ?
  bool is_within_below(double sigma, double allowed) {
    bool is_within = true;
    for (const double share : {0.25, 0.5, 0.75}) {
      if (at(share * sigma).value > allowed) is_within = false;
    }
    return is_within;
  }

  [[nodiscard]] double evaluations() const {
    return 1.0 + static_cast<double>(options_->draws) * static_cast<double>(by_sigma_.size());
  }

 private:
  Accuracy<double>* classifier_;
  Subset subset_;
  const PacBayesOptions* options_;
  GaussianCloud cloud_;
  double here_ = 0.0;
  std::map<double, Estimate> by_sigma_;
};

}  // namespace

Measurement PacBayes::measure(Objective<double>& objective, std::span<const double> x,
                              Subset subset) {
  AccuracyDrop drop(objective, x, subset, options_);
  const double sigma = drop.largest_within(options_.drop);
  const Estimate there = drop.at(sigma);
  const double low = drop.largest_within(options_.drop - there.error);
  const double high = drop.largest_within(options_.drop + there.error);
  Measurement found;
  found.scalars = {
      {"inverse_sigma_squared", 1.0 / (sigma * sigma), "1", "PAC-Bayes sharpness 1/sigma^2"},
      {"sigma", sigma, "1", "largest deviation of the parameters with the drop allowed"},
      {"sigma_low", low, "1", "the same for a standard error less of drop"},
      {"sigma_high", high, "1", "the same for a standard error more of drop"},
      {"drop", there.value, "1", "mean drop of accuracy at sigma"},
      {"drop_error", there.error, "1", "its standard error"},
      {"accuracy_at_point", drop.here(), "1", "share of samples classified rightly at x"},
      {"at_bound", sigma == options_.largest ? 1.0 : 0.0, "1",
       "1 if the drop is allowed at the largest sigma, which is then reported"},
      {"allowed_below", drop.is_within_below(sigma, options_.drop) ? 1.0 : 0.0, "1",
       "1 if the drop is allowed at a quarter, a half and three quarters of sigma too"},
      {"evaluations", drop.evaluations(), "1", "evaluations of the accuracy"},
  };
  return found;
}

ProbeKind pac_bayes_kind() {
  const PacBayesOptions usual;
  ProbeKind kind{
      {{"pac_bayes",
        "1/σ², σ the largest deviation that costs at most drop of accuracy (Jiang et "
        "al. 2020); an interval of σ from the standard error; about 18 draws values",
        {{"drop",
          usual.drop,
          {.above = 0.0, .below = 1.0},
          "of the expected accuracy, that is allowed"},
         {"largest", usual.largest, {.above = 0.0}, "bound of σ"},
         {"tolerance",
          usual.tolerance,
          {.above = 0.0},
          "width of the last bracket over its upper end"},
         {"draws", usual.draws, {.least = 2.0}, "at every σ"},
         {"adaptive", usual.adaptive, {}, "whether deviations are σ|w_i| in place of σ"}}},
       [](const Values& values, std::uint64_t seed) {
         PacBayesOptions options;
         options.drop = values.number("drop");
         options.largest = values.number("largest");
         options.tolerance = values.number("tolerance");
         options.draws = values.integer("draws");
         options.adaptive = values.boolean("adaptive");
         options.seed = seed;
         return std::make_unique<PacBayes>(options);
       }}};
  kind.subject = ProbeSubject::network;
  return kind;
}

}  // namespace thalweg
