#include "landscape/point_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "parallel/tickets.hpp"
#include "records/journal.hpp"
#include "runs/run_network.hpp"

namespace thalweg {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kValues = 4;

std::string prefix_of(const std::string& name) {
  return name + ".points-";
}

/// Every journal of these points, of however many teams.
std::vector<std::string> journals(const std::string& folder, const std::string& name) {
  std::vector<std::string> found;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder + "/checkpoints", none)) {
    if (entry.path().filename().string().starts_with(prefix_of(name))) {
      found.push_back(entry.path().string());
    }
  }
  return found;
}

/// Rows of index and values, one after the other.
using Rows = std::vector<double>;

void add(Rows& rows, const JournalRow& row) {
  rows.push_back(static_cast<double>(row.index));
  rows.insert(rows.end(), row.values.begin(), row.values.end());
}

/// What earlier processes have done, on every rank. Collective.
Rows kept_rows(const Communicator& world, const std::string& folder, const std::string& name,
               std::int64_t points) {
  Rows rows;
  collectively(world, [&] {
    if (!world.is_root()) return;
    for (const auto& file : journals(folder, name)) {
      for (const auto& row : read_journal(file, kValues)) {
        if (row.index >= 0 && row.index < points) add(rows, row);
      }
    }
  });
  return world.gather_all(std::span<const double>(rows));
}

std::vector<bool> mask_of(const Rows& rows, std::int64_t points) {
  std::vector<bool> done(static_cast<std::size_t>(points), false);
  for (std::size_t at = 0; at < rows.size(); at += kValues + 1) {
    done[static_cast<std::size_t>(rows[at])] = true;
  }
  return done;
}

template <class Real>
class PointWork {
 public:
  PointWork(const Landscape<Real>& landscape, const std::string& name, const RunSpec& network,
            const PointEvaluation& how)
      : landscape_(landscape),
        how_(how),
        objective_(make_network_loss(landscape.teams.mine(), network, landscape.data)),
        x_(static_cast<std::size_t>(objective_->dimension())) {
    collectively(landscape.teams.mine(), [&] {
      if (!landscape.teams.mine().is_root()) return;
      journal_.emplace(fmt::format("{}/checkpoints/{}{}", landscape.context.output_folder,
                                   prefix_of(name), landscape.teams.index()),
                       kValues);
    });
  }

  void evaluate(std::int64_t i,
                const std::function<void(std::int64_t, std::span<Real>)>& point_at) {
    point_at(i, std::span<Real>(x_));
    Evaluation train;
    if (how_.reestimated) {
      train = objective_->reestimate_statistics(x_, how_.training);
    } else {
      objective_->network().set_buffers(how_.running_statistics);
      train = objective_->evaluate(x_, landscape_.data.train, Statistics::frozen, how_.training);
    }
    const auto test = objective_->evaluate(x_, landscape_.data.test, Statistics::frozen);
    collectively(landscape_.teams.mine(), [&] {
      if (!landscape_.teams.mine().is_root()) return;
      const JournalRow row{i, {train.loss, train.accuracy, test.loss, test.accuracy}};
      journal_->append(row);
      add(rows_, row);
    });
  }

  /// This process's rows, on the team's root.
  [[nodiscard]] const Rows& rows() const { return rows_; }

 private:
  const Landscape<Real>& landscape_;
  const PointEvaluation& how_;
  std::unique_ptr<NetworkLoss<Real>> objective_;
  std::vector<Real> x_;
  std::optional<Journal> journal_;  // on the team's root
  Rows rows_;
};

}  // namespace

std::vector<Range> taken_together(std::int64_t points, std::int64_t teams) {
  std::vector<Range> runs;
  for (std::int64_t begin = 0; begin < points;) {
    const std::int64_t size = std::max<std::int64_t>(1, (points - begin) / (4 * teams));
    runs.push_back({begin, begin + size});
    begin += size;
  }
  return runs;
}

void PointValues::write_to(Record& record, const std::string& group,
                           const std::vector<std::int64_t>& shape,
                           const std::vector<std::string>& dimensions) const {
  const auto add = [&](const char* name, const std::vector<double>& values, const char* meaning) {
    record.arrays[group + "/" + name] = Array{values, shape, dimensions, "1", meaning};
  };
  add("train_loss", train_loss, "mean loss on the training samples");
  add("train_accuracy", train_accuracy, "share of training samples classified rightly");
  add("test_loss", test_loss, "mean loss on the test set");
  add("test_accuracy", test_accuracy, "share of test samples classified rightly");
}

template <class Real>
bool evaluate_points(const Landscape<Real>& landscape, const std::string& name,
                     const RunSpec& network, const PointEvaluation& how, std::int64_t points,
                     const std::function<void(std::int64_t i, std::span<Real> x)>& point_at,
                     PointValues& values) {
  const Communicator& world = landscape.context.world;
  const Communicator& team = landscape.teams.mine();
  const std::string& folder = landscape.context.output_folder;
  const Rows kept = kept_rows(world, folder, name, points);
  const auto done = mask_of(kept, points);
  const std::int64_t kept_count = std::count(done.begin(), done.end(), true);
  Rows rows = world.is_root() ? kept : Rows();
  const Log log(world.is_root(), landscape.context.log.terminal());
  Progress progress(log, name, points);
  const Tickets tickets(world, folder + "/checkpoints/claims");
  bool interrupted = false;
  const bool whole = landscape.teams.work().attempt(name, [&] {
    PointWork<Real> work(landscape, name, network, how);
    const auto runs = taken_together(points, landscape.teams.count());
    std::int64_t own = 0;
    for (std::size_t run = 0; run < runs.size() && !interrupted; ++run) {
      bool taken = false;
      collectively(team,
                   [&] { taken = team.is_root() && tickets.take(static_cast<std::int64_t>(run)); });
      if (!team.any(taken)) continue;
      for (std::int64_t i = runs[run].begin; i < runs[run].end && !interrupted; ++i) {
        if (done[static_cast<std::size_t>(i)]) continue;
        work.evaluate(i, point_at);
        // The other teams are as far.
        progress.update(std::min(points, kept_count + ++own * landscape.teams.count()));
        interrupted = team.any(landscape.context.time_to_stop());
      }
    }
    const auto& mine = work.rows();
    rows.insert(rows.end(), mine.begin(), mine.end());
  });
  progress.finish();
  interrupted = world.any(interrupted);
  tickets.close();
  if (world.any(!whole)) throw ReportedError(ExitCode::failed, world.size());
  if (interrupted) return false;
  const auto all = world.gather_all(std::span<const double>(rows));
  std::vector<double>* const columns[kValues] = {&values.train_loss, &values.train_accuracy,
                                                 &values.test_loss, &values.test_accuracy};
  for (auto* column : columns) column->assign(static_cast<std::size_t>(points), 0.0);
  for (std::size_t at = 0; at < all.size(); at += kValues + 1) {
    for (std::size_t k = 0; k < kValues; ++k) {
      (*columns[k])[static_cast<std::size_t>(all[at])] = all[at + 1 + k];
    }
  }
  return true;
}

void remove_kept_points(const std::string& folder, const std::string& name) {
  std::error_code ignored;
  for (const auto& file : journals(folder, name)) fs::remove(file, ignored);
}

template bool evaluate_points(const Landscape<float>&, const std::string&, const RunSpec&,
                              const PointEvaluation&, std::int64_t,
                              const std::function<void(std::int64_t, std::span<float>)>&,
                              PointValues&);
template bool evaluate_points(const Landscape<double>&, const std::string&, const RunSpec&,
                              const PointEvaluation&, std::int64_t,
                              const std::function<void(std::int64_t, std::span<double>)>&,
                              PointValues&);

}  // namespace thalweg
