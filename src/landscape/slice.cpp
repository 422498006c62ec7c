#include "landscape/slice.hpp"

#include <fmt/format.h>

#include "landscape/point_values.hpp"
#include "landscape/segment.hpp"
#include "runs/run_check.hpp"
#include "runs/run_network.hpp"

namespace thalweg {

namespace {

template <class Real>
class Slice final : public LandscapeWork<Real> {
 public:
  explicit Slice(SliceSpec plan)
      : plan_(std::move(plan)), alpha_(equally_spaced(plan_.low, plan_.high, plan_.points)) {}

  std::string title() const override {
    return fmt::format("slice {} from {} to {}", plan_.name, plan_.from, plan_.to);
  }
  std::vector<std::string> runs() const override { return {plan_.from, plan_.to}; }

  void check(const std::vector<RunSpec>& runs, const DataSet<Real>& data) const override {
    check_same_network(title(), {plan_.from, plan_.to}, runs, data);
  }

  RunOutcome make(const Landscape<Real>& landscape) override {
    const RunSpec& network = landscape.run_named(plan_.from);
    const auto from = final_point(landscape, plan_.from).parameters;
    const auto to = final_point(landscape, plan_.to).parameters;
    PointEvaluation how;
    how.training = training_subset(network.train, landscape.data.train.size());
    const auto point_at = [&](std::int64_t i, std::span<Real> x) {
      between<Real>(from, to, alpha_[static_cast<std::size_t>(i)], x);
    };
    return evaluate_points<Real>(landscape, kept_as(), network, how, plan_.points, point_at,
                                 values_)
               ? RunOutcome::done
               : RunOutcome::interrupted;
  }

  void write_to(Record& study) const override {
    const std::string group = "/slices/" + plan_.name;
    study.column(group + "/alpha", alpha_, "alpha", "1", "0 at the run `from`, 1 at the run `to`");
    values_.write_to(study, group, {plan_.points}, {"alpha"});
    auto& attributes = study.group_attributes[group];
    attributes["from"] = plan_.from;
    attributes["to"] = plan_.to;
    attributes["statistics"] = "re-estimated on the training set at every point";
  }

  void forget(const std::string& folder) const override { remove_kept_points(folder, kept_as()); }

 private:
  std::string kept_as() const { return "slice-" + plan_.name; }

  SliceSpec plan_;
  std::vector<double> alpha_;
  PointValues values_;
};

}  // namespace

template <class Real>
std::unique_ptr<LandscapeWork<Real>> make_slice(const SliceSpec& plan) {
  return std::make_unique<Slice<Real>>(plan);
}

template std::unique_ptr<LandscapeWork<float>> make_slice(const SliceSpec&);
template std::unique_ptr<LandscapeWork<double>> make_slice(const SliceSpec&);

}  // namespace thalweg
