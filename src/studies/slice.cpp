#include "studies/slice.hpp"

#include <cmath>
#include <utility>

namespace thalweg {

void Slice::write_to(Record& record) const {
  const std::string group = "/slices/" + plan.name + "/";
  record.column(group + "alpha", alpha, "alpha", "1", "0 at the run `from`, 1 at the run `to`");
  record.column(group + "train_loss", train_loss, "alpha", "1", "mean loss on the training set");
  record.column(group + "train_accuracy", train_accuracy, "alpha", "1",
                "share of training samples classified rightly");
  record.column(group + "test_loss", test_loss, "alpha", "1", "mean loss on the test set");
  record.column(group + "test_accuracy", test_accuracy, "alpha", "1",
                "share of test samples classified rightly");
  auto& attributes = record.group_attributes["/slices/" + plan.name];
  attributes["from"] = plan.from;
  attributes["to"] = plan.to;
  attributes["statistics"] = "re-estimated on the training set at every point";
}

template <class Real>
Slice slice_between(const Communicator& world, const Communicator& team, std::int64_t team_index,
                    std::int64_t teams, const SlicePlan& plan, const RunPlan& network_of,
                    const DataSet<Real>& data, std::span<const Real> from,
                    std::span<const Real> to) {
  Slice slice;
  slice.plan = plan;
  for (std::int64_t i = 0; i < plan.points; ++i) {
    const double t = static_cast<double>(i) / static_cast<double>(plan.points - 1);
    slice.alpha.push_back((1.0 - t) * plan.low + t * plan.high);
  }
  const auto objective = make_network_loss(team, network_of, data);
  const auto training = training_subset(network_of.train, data.train.size());
  std::vector<double> mine;  // of this team's points, from its root: index, then four values
  std::vector<Real> x(from.size());
  for (std::int64_t i = team_index; i < plan.points; i += teams) {
    const double alpha = slice.alpha[static_cast<std::size_t>(i)];
    for (std::size_t j = 0; j < x.size(); ++j) {
      x[j] = static_cast<Real>(alpha * static_cast<double>(to[j]) +
                               (1.0 - alpha) * static_cast<double>(from[j]));
    }
    const auto train = objective->reestimate_statistics(x, training);
    const auto test = objective->evaluate(x, data.test, Statistics::frozen);
    if (!team.is_root()) continue;
    mine.insert(mine.end(),
                {static_cast<double>(i), train.loss, train.accuracy, test.loss, test.accuracy});
  }
  const auto all = world.gather_all(std::span<const double>(mine));
  for (auto* column :
       {&slice.train_loss, &slice.train_accuracy, &slice.test_loss, &slice.test_accuracy}) {
    column->resize(slice.alpha.size());
  }
  for (std::size_t at = 0; at < all.size(); at += 5) {
    const auto i = static_cast<std::size_t>(all[at]);
    slice.train_loss[i] = all[at + 1];
    slice.train_accuracy[i] = all[at + 2];
    slice.test_loss[i] = all[at + 3];
    slice.test_accuracy[i] = all[at + 4];
  }
  return slice;
}

template Slice slice_between(const Communicator&, const Communicator&, std::int64_t, std::int64_t,
                             const SlicePlan&, const RunPlan&, const DataSet<float>&,
                             std::span<const float>, std::span<const float>);
template Slice slice_between(const Communicator&, const Communicator&, std::int64_t, std::int64_t,
                             const SlicePlan&, const RunPlan&, const DataSet<double>&,
                             std::span<const double>, std::span<const double>);

}  // namespace thalweg
