#include "landscape/surface.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "landscape/point_values.hpp"
#include "landscape/segment.hpp"
#include "landscape/surface_export.hpp"
#include "landscape/surface_frame.hpp"
#include "runs/recorded_study.hpp"
#include "runs/run_check.hpp"
#include "runs/run_network.hpp"

namespace thalweg {

namespace {

/// Coordinates of a run's snapshots on a surface.
struct TrajectoryPlaces {
  std::vector<std::int64_t> step;
  std::vector<double> x;
  std::vector<double> y;
  std::vector<double> distance;
};

/// A fifth of its length around a trajectory on either side.
SurfaceRange extent_of(const std::vector<double>& coordinates) {
  const auto [low, high] = std::minmax_element(coordinates.begin(), coordinates.end());
  const double margin = 0.2 * (*high - *low);
  return {*low - margin, *high + margin};
}

template <class Real>
class Surface final : public LandscapeWork<Real> {
 public:
  explicit Surface(SurfaceSpec plan) : plan_(std::move(plan)) {}

  std::string title() const override {
    return fmt::format("surface {} of {}, {} × {}, {}", plan_.name, plan_.run, plan_.nx, plan_.ny,
                       name_of(plan_.axes));
  }
  std::vector<std::string> runs() const override {
    std::vector<std::string> names{plan_.run};
    names.insert(names.end(), plan_.toward.begin(), plan_.toward.end());
    return names;
  }

  void check(const std::vector<RunSpec>& all, const DataSet<Real>& data) const override {
    check_same_network("surface " + plan_.name, runs(), all, data);
    check_surface(plan_, run_named(all, plan_.run), data.train.size());
  }

  RunOutcome make(const Landscape<Real>& landscape) override {
    const RunSpec& network = landscape.run_named(plan_.run);
    const auto centre = final_point(landscape, plan_.run);
    PointEvaluation how;
    how.reestimated = plan_.reestimated;
    how.running_statistics = centre.statistics;
    how.training = training_of(network, landscape.data.train.size());
    blocks_ = network_of(network, landscape.data).parameters();
    make_frame(landscape, centre, how.training);
    follow_trajectory(landscape);
    if (!plan_.x) plan_.x = extent_of(trajectory_.x);
    if (!plan_.y && !plan_.is_line()) plan_.y = extent_of(trajectory_.y);
    x_ = equally_spaced(plan_.x->low, plan_.x->high, plan_.nx);
    y_ = plan_.is_line() ? std::vector<double>{0.0}
                         : equally_spaced(plan_.y->low, plan_.y->high, plan_.ny);
    const auto point_at = [&](std::int64_t i, std::span<Real> w) {
      frame_->point(x_[static_cast<std::size_t>(i % plan_.nx)],
                    y_[static_cast<std::size_t>(i / plan_.nx)], w);
    };
    return evaluate_points<Real>(landscape, kept_as(), network, how, plan_.nx * plan_.ny, point_at,
                                 values_)
               ? RunOutcome::done
               : RunOutcome::interrupted;
  }

  void write_to(Record& study) const override {
    const std::string group = "/surfaces/" + plan_.name;
    study.column(group + "/x", x_, "x", "1", "coordinate along the first direction");
    std::vector<std::int64_t> shape{plan_.nx};
    std::vector<std::string> dimensions{"x"};
    if (!plan_.is_line()) {
      study.column(group + "/y", y_, "y", "1", "coordinate along the second direction");
      shape = {plan_.ny, plan_.nx};
      dimensions = {"y", "x"};
    }
    values_.write_to(study, group, shape, dimensions);
    write_axes(study, group);
    auto& attributes = study.group_attributes[group];
    attributes["run"] = plan_.run;
    attributes["directions"] = name_of(plan_.axes);
    attributes["norm"] = name_of(plan_.norm);
    attributes["ignored"] = plan_.biases_left_out ? "biases" : "nothing";
    attributes["statistics"] = plan_.reestimated ? "re-estimated" : "frozen";
    attributes["samples"] = plan_.samples;
    attributes["seed"] = static_cast<std::int64_t>(plan_.seed);
  }

  void write_files(const StudyContext& context) const override {
    write_surface_files(
        context, plan_.name,
        {x_, plan_.is_line() ? std::vector<double>() : y_, values_, blocks_, frame_->directions()});
  }

  void forget(const std::string& folder) const override { remove_kept_points(folder, kept_as()); }

 private:
  std::string kept_as() const { return "surface-" + plan_.name; }

  std::vector<std::int64_t> training_of(const RunSpec& network, std::int64_t all) const {
    auto training = training_subset(network.train, all);
    if (plan_.samples == 0) return training;
    const auto most = training.empty() ? all : static_cast<std::int64_t>(training.size());
    training.resize(static_cast<std::size_t>(std::min(plan_.samples, most)));
    std::iota(training.begin(), training.end(), 0);
    return training;
  }

  /// Where the run's snapshots lie, as far as there are any. Collective.
  void follow_trajectory(const Landscape<Real>& landscape) {
    const Communicator& world = landscape.context.world;
    collectively(world, [&] {
      if (!world.is_root()) return;
      trajectory_.step = stored_points(landscape.runs_folder, plan_.run).snapshots;
      for (const auto step : trajectory_.step) {
        const auto snapshot =
            read_snapshot<Real>(snapshot_file(landscape.runs_folder, plan_.run, step));
        const auto place = frame_->place_of(snapshot.parameters);
        trajectory_.x.push_back(place.x);
        trajectory_.y.push_back(place.y);
        trajectory_.distance.push_back(place.distance);
      }
    });
    auto count = static_cast<std::int64_t>(trajectory_.step.size());
    world.broadcast(std::span(&count, 1));
    trajectory_.step.resize(static_cast<std::size_t>(count));
    world.broadcast(std::span<std::int64_t>(trajectory_.step));
    for (auto* column : {&trajectory_.x, &trajectory_.y, &trajectory_.distance}) {
      column->resize(trajectory_.step.size());
      world.broadcast(std::span<double>(*column));
    }
  }

  void make_frame(const Landscape<Real>& landscape, const Snapshot<Real>& centre, Subset training) {
    if (plan_.axes == SurfaceAxes::points) {
      std::vector<std::vector<Real>> corners;
      for (const auto& run : plan_.toward)
        corners.push_back(final_point(landscape, run).parameters);
      frame_ = SurfaceFrame<Real>::through(centre.parameters, std::move(corners));
    } else {
      frame_.emplace(centre.parameters,
                     surface_directions(landscape, plan_, centre, training, facts_));
    }
  }

  void write_axes(Record& study, const std::string& group) const {
    if (plan_.axes == SurfaceAxes::eigenvectors) {
      study.column(group + "/eigenvalue", facts_.eigenvalues, "direction", "1",
                   "eigenvalue of the Hessian at the centre");
      study.column(group + "/eigenvalue_residual", facts_.residuals, "direction", "1", "‖Hv − λv‖");
      // A fresh start orthogonal to them found no eigenvalue further out.
      study.group_attributes[group]["eigenvectors_complete"] =
          std::int64_t{facts_.complete ? 1 : 0};
    }
    if (plan_.axes == SurfaceAxes::pca) {
      study.column(group + "/explained", facts_.explained, "component", "1",
                   "share of the snapshots' sum of squares");
      study.column(group + "/explained_null", facts_.explained_null, "component", "1",
                   "the same share of a random walk in many dimensions");
      study.group_attributes[group]["centring"] =
          plan_.centring == Centring::mean ? "mean" : "last";
    }
    if (!trajectory_.step.empty()) {
      study.column(group + "/trajectory_step", trajectory_.step, "point", "1", "step");
      study.column(group + "/trajectory_x", trajectory_.x, "point", "1", "x of the snapshot");
      if (!plan_.is_line()) {
        study.column(group + "/trajectory_y", trajectory_.y, "point", "1", "y of the snapshot");
      }
      study.column(group + "/trajectory_distance", trajectory_.distance, "point", "1",
                   "distance of the snapshot from the surface's plane or line");
    }
    if (plan_.axes == SurfaceAxes::points) {
      std::vector<double> x{0.0, 1.0};
      std::vector<double> y{0.0, 0.0};
      if (!plan_.is_line()) {
        x.push_back(0.0);
        y.push_back(1.0);
      }
      study.column(group + "/mark_name", runs(), "mark", "1", "run");
      study.column(group + "/mark_x", x, "mark", "1", "x of the run's end");
      study.column(group + "/mark_y", y, "mark", "1", "y of the run's end");
    }
  }

  SurfaceSpec plan_;
  std::vector<ParameterBlock> blocks_;
  std::optional<SurfaceFrame<Real>> frame_;
  AxesFacts facts_;
  TrajectoryPlaces trajectory_;
  std::vector<double> x_;
  std::vector<double> y_;
  PointValues values_;
};

}  // namespace

template <class Real>
std::unique_ptr<LandscapeWork<Real>> make_surface(const SurfaceSpec& plan) {
  return std::make_unique<Surface<Real>>(plan);
}

template std::unique_ptr<LandscapeWork<float>> make_surface(const SurfaceSpec&);
template std::unique_ptr<LandscapeWork<double>> make_surface(const SurfaceSpec&);

}  // namespace thalweg
