#pragma once

#include <gtest/gtest.h>

#include "objectives/composed/double_precision.hpp"
#include "probes/probe.hpp"
#include "support/measured.hpp"
#include "support/tiny_problem.hpp"

namespace thalweg::testing {

/// Measures a small net in float32 by all ranks and by this one alone: the same bits. `make` gives
/// a fresh probe.
template <class Make>
void expect_the_bits_of_one_rank(const Make& make, BatchNormKind norm = BatchNormKind::batch) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  const auto found = [&](const Communicator& comm) {
    TinyProblem<float> problem(comm, norm);
    DoublePrecision<float> widened(problem.objective);
    const std::vector<double> x(problem.point.begin(), problem.point.end());
    auto probe = make();
    return bits(numbers(probe.measure(widened, x, {})));
  };
  EXPECT_EQ(found(world), found(self));
}

}  // namespace thalweg::testing
