#include "studies/completion/baseline_run.hpp"

#include <algorithm>
#include <cmath>

#include "studies/completion/completion_recorder.hpp"

namespace thalweg {

namespace {

using Next = CompletionRecorder::Next;

/// The study's loss of the observed entries. Throws Error where it is not finite.
double loss_of(const CompletionTask& task, const std::vector<double>& matrix) {
  const auto& entries = task.problem.train;
  const ResidualLoss& loss = task.plan.loss;
  double sum = 0.0;
  for (std::size_t k = 0; k < entries.value.size(); ++k) {
    const auto at =
        static_cast<std::size_t>(entries.row[k] * task.problem.columns + entries.column[k]);
    sum += loss.value(matrix[at] - entries.value[k]);
  }
  sum *= loss.coefficient(entries.size(), entries.size());
  if (!std::isfinite(sum)) {
    throw Error(task.run.name +
                ": the loss is not finite; are the values too large to be squared?");
  }
  return sum;
}

/// Douglas–Rachford steps until the certificate's gap is small enough, looked at every so many.
RunOutcome run_nuclear_norm(const CompletionTask& task) {
  const auto& problem = task.problem;
  NuclearNormCompletion completion(task.team, problem.rows, problem.columns, problem.train,
                                   task.method.nuclear);
  CompletionRecorder recorder(task);
  std::int64_t step = 0;
  std::vector<double> state(static_cast<std::size_t>(problem.rows * problem.columns));
  const bool resumed = recorder.resume([&](const Record& checkpoint) {
    step = std::get<std::int64_t>(checkpoint.attributes.at("step"));
    state = std::get<std::vector<double>>(checkpoint.arrays.at("/state/z").values);
  });
  if (resumed) {
    task.team.broadcast(std::span(&step, 1));
    task.team.broadcast(std::span(state));
    completion.restore(state);
  }
  const auto save = [&] {
    const auto z = completion.state();
    recorder.save([&](Record& checkpoint) {
      checkpoint.attributes["step"] = step;
      checkpoint.column("/state/z", z, "element", "1", "Z of Douglas and Rachford");
    });
  };
  std::string status;
  std::vector<double> matrix;
  const std::int64_t every = task.method.check_every;
  while (status.empty()) {
    const std::int64_t end = std::min((step / every + 1) * every, task.plan.max_steps);
    while (step < end) {
      const Next next = recorder.next();
      if (next != Next::go_on) save();
      if (next == Next::stop) return RunOutcome::interrupted;
      completion.step();
      ++step;
    }
    const auto certificate = completion.certificate();
    matrix = completion.matrix();
    collectively(task.team, [&] {
      if (!recorder.is_root()) return;
      MatrixRow row;
      row.step = step;
      row.train_loss = loss_of(task, matrix);
      row.lower_bound = certificate.lower;
      row.gap = certificate.gap;
      row.rank = static_cast<double>(certificate.rank);
      recorder.add(std::move(row), matrix);
    });
    if (certificate.gap <= task.method.gap_tolerance) {
      status = kFinished;
    } else if (step >= task.plan.max_steps) {
      status = kNotReached;
    }
  }
  recorder.finish(status, matrix, [&](Record& record) {
    record.scalar("/nuclear_norm/threshold", completion.threshold(), "1", "of Douglas–Rachford");
  });
  return RunOutcome::done;
}

/// Sweeps until the objective falls by less than the tolerance, relative.
RunOutcome run_als(const CompletionTask& task) {
  const auto& problem = task.problem;
  AlternatingOptions options = task.method.als;
  options.seed = static_cast<std::uint64_t>(task.run.instance);
  AlternatingLeastSquares als(task.team, problem.rows, problem.columns, problem.train, options);
  CompletionRecorder recorder(task);
  std::int64_t step = 0;
  auto state = als.state();
  double before = als.objective();
  const bool resumed = recorder.resume([&](const Record& checkpoint) {
    step = std::get<std::int64_t>(checkpoint.attributes.at("step"));
    before = std::get<double>(checkpoint.attributes.at("objective"));
    state = std::get<std::vector<double>>(checkpoint.arrays.at("/state/factors").values);
  });
  if (resumed) {
    task.team.broadcast(std::span(&step, 1));
    task.team.broadcast(std::span(&before, 1));
    task.team.broadcast(std::span(state));
    als.restore(state);
  }
  std::string status;
  while (status.empty()) {
    const Next next = recorder.next();
    if (next != Next::go_on) {
      recorder.save([&](Record& checkpoint) {
        checkpoint.attributes["step"] = step;
        checkpoint.attributes["objective"] = before;
        checkpoint.column("/state/factors", als.state(), "parameter", "1", "both factors");
      });
    }
    if (next == Next::stop) return RunOutcome::interrupted;
    als.sweep();
    ++step;
    const double now = als.objective();
    if (before - now <= task.method.als_tolerance * now) {
      status = kFinished;
    } else if (step >= task.plan.max_steps) {
      status = kNotReached;
    }
    before = now;
    // Measuring costs a decomposition: few rows, and the last one.
    const bool is_due = step <= 2 || step % 10 == 0 || !status.empty();
    if (is_due) {
      collectively(task.team, [&] {
        if (!recorder.is_root()) return;
        const auto matrix = als.matrix();
        MatrixRow row;
        row.step = step;
        row.train_loss = loss_of(task, matrix);
        recorder.add(std::move(row), matrix);
      });
    }
  }
  recorder.finish(status, als.matrix(), [&](Record& record) {
    record.scalar("/als/objective", before, "1",
                  "squared errors of the observed entries and the ridge's share");
  });
  return RunOutcome::done;
}

RunOutcome run_mean(const CompletionTask& task) {
  const auto& problem = task.problem;
  CompletionRecorder recorder(task);
  if (recorder.next() == Next::stop) return RunOutcome::interrupted;
  std::vector<double> matrix;
  collectively(task.team, [&] {
    if (!recorder.is_root()) return;
    matrix = mean_prediction(problem.rows, problem.columns, problem.train, task.method.mean);
    MatrixRow row;
    row.train_loss = loss_of(task, matrix);
    recorder.add(std::move(row), matrix);
  });
  recorder.finish(kFinished, matrix, [](Record&) {});
  return RunOutcome::done;
}

}  // namespace

RunOutcome run_baseline(const CompletionTask& task) {
  if (task.method.type == MethodType::nuclear_norm) return run_nuclear_norm(task);
  if (task.method.type == MethodType::als) return run_als(task);
  return run_mean(task);
}

}  // namespace thalweg
