#include "kernels/strip_work.hpp"

#include <chrono>
#include <exception>
#include <optional>
#include <thread>

#include "parallel/agreement.hpp"
#include "parallel/interrupt.hpp"

namespace thalweg {

bool work_through(const Communicator& comm, std::int64_t pieces, GramStore* store,
                  const WorkControl& control, const std::string& label,
                  const std::function<void(std::int64_t piece)>& compute) {
  Progress progress(control.log, label, comm.sum(pieces));
  Agreement agreement(comm);
  std::exception_ptr failure;
  std::int64_t next = 0;
  bool stop = false;
  for (;;) {
    const bool finished = next == pieces;
    stop = stop || Interrupt::requested() || control.stop();
    const auto round = agreement.poll(stop || failure != nullptr, finished, next);
    if (round) {
      progress.update(round->done);
      if (round->stop || round->all_finished) {
        stop = !round->all_finished;
        break;
      }
    }
    if (finished || stop || failure != nullptr) {
      // Nothing to do but to wait for the others, without taking their core.
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      continue;
    }
    try {
      compute(next);
      ++next;
      if (store != nullptr) store->flush_if_due();
    } catch (...) {
      failure = std::current_exception();
    }
  }
  collectively(comm, [&] {
    if (store != nullptr) store->flush();
    if (failure != nullptr) std::rethrow_exception(failure);
  });
  if (!stop) progress.finish();
  return !stop;
}

}  // namespace thalweg
