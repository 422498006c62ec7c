// What a plan says of messages, against what MPI was asked to do.
#include <gtest/gtest.h>
#include <mpi.h>

#include <memory>

#include "planning/network_calibration.hpp"
#include "runs/run_network.hpp"
#include "studies/trajectories/trajectory_settings.hpp"

namespace {

struct Counted {
  std::int64_t gathers = 0;
  std::int64_t gathered_bytes = 0;  // from the others
  std::int64_t sends = 0;
};
Counted counted;

}  // namespace

// MPI's profiling interface: the program's own functions stand before the library's.
extern "C" {
int MPI_Allgatherv(const void* send, int send_count, MPI_Datatype send_type, void* receive,
                   const int counts[], const int displacements[], MPI_Datatype type,
                   MPI_Comm comm) {
  int size = 0;
  int rank = 0;
  int bytes = 0;
  PMPI_Comm_size(comm, &size);
  PMPI_Comm_rank(comm, &rank);
  PMPI_Type_size(type, &bytes);
  ++counted.gathers;
  for (int r = 0; r < size; ++r) {
    if (r != rank) counted.gathered_bytes += std::int64_t{counts[r]} * bytes;
  }
  return PMPI_Allgatherv(send, send_count, send_type, receive, counts, displacements, type, comm);
}

int MPI_Isend(const void* values, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm,
              MPI_Request* request) {
  ++counted.sends;
  return PMPI_Isend(values, count, type, to, tag, comm, request);
}
}

namespace thalweg {
namespace {

TrajectorySpec small_plan(const std::string& norm, const std::string& sam) {
  const auto settings = Settings::parse(
      "[study]\nkind = \"trajectories\"\n[data]\ntrain = 128\ntest = 64\nimage_size = 8\n"
      "[model]\nwidths = [20, 12]\nbatch_norm = \"" +
          norm + "\"\n[train]\nbatch = 56\nshard = 8\nepochs = 1\n[optimizer]\nsam = \"" + sam +
          "\"\n[[run]]\nname = \"a\"\n",
      "study.toml");
  return read_trajectory_spec(settings, read_study_header(settings, "study.toml"), 1);
}

void steps_exchange_what_is_planned(const std::string& norm, const std::string& sam) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  const TrajectorySpec plan = small_plan(norm, sam);
  const RunSpec& run = plan.runs.front();
  const auto data = load_data<float>(plan.data, world, world);
  NetworkCalibration<float> measured(self, run, data);
  const auto objective = make_network_loss(world, run, data);
  Stepper<float> stepper(objective->space(), objective->network().parameters(), run.optimizer);
  const Schedule schedule = schedule_of(run, data.train.size());
  SampleOrder order(run.seed, Purpose::shuffle, data.train.size());
  auto w = initial_point(run, *objective);
  const auto step = [&](std::int64_t index) {
    static_cast<void>(training_step(*objective, stepper, order, schedule.at(0), run.seed, index,
                                    std::span<float>(w)));
  };
  step(0);  // makes what is kept
  counted = {};
  step(1);
  const Counted found = counted;

  NetworkModel network;
  network.cores_per_node = world.size();
  double calls = 0.0;
  double bytes = 0.0;
  for (const auto& exchange : measured.step_exchanges()) {
    if (exchange.kind != Exchange::Kind::gather && exchange.kind != Exchange::Kind::tree_sum)
      continue;
    const ExchangeCost cost = cost_of(exchange, world.size(), network);
    calls += cost.calls;
    bytes += cost.bytes;
  }
  EXPECT_EQ(static_cast<double>(found.gathers), calls);
  // Ranks have unequal blocks; the plan's is the mean.
  EXPECT_NEAR(static_cast<double>(world.sum(found.gathered_bytes)), bytes * world.size(), 1e-6);
}

TEST(PlannedExchanges, OfAStepAreExact) {
  steps_exchange_what_is_planned("none", "none");
  steps_exchange_what_is_planned("batch", "none");
  steps_exchange_what_is_planned("batch", "sam");
}

TEST(PlannedExchanges, MessagesOfSlicesAreExact) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  for (const std::int64_t leaves : {1, 5, 7, 16}) {
    const OrderedReduction reduction(world, leaves);
    const VectorSpace space(world, 5000);
    std::vector<AlignedVector<float>> sums(reduction.nodes().size(),
                                           AlignedVector<float>(5000, 1.0F));
    std::vector<float> slice(static_cast<std::size_t>(space.slice().size()));
    counted = {};
    reduction.reduce_by_messages<float>(space, sums, slice);
    const std::int64_t sends = counted.sends;
    const TreeShares shares = tree_shares(leaves, world.size());
    EXPECT_EQ(world.sum(sends), shares.all * (world.size() - 1));
    NetworkModel network;
    network.cores_per_node = 1;
    const auto cost =
        cost_of({Exchange::Kind::slices, 1.0, 5000.0 * 4.0, leaves}, world.size(), network);
    EXPECT_EQ(static_cast<double>(world.max(sends)), cost.messages);
  }
}

}  // namespace
}  // namespace thalweg
