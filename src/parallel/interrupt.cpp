#include "parallel/interrupt.hpp"

#include <csignal>

namespace thalweg {

namespace {
// A signal handler can reach nothing but a flag of static storage.
volatile std::sig_atomic_t signalled = 0;
volatile std::sig_atomic_t interrupted = 0;
void on_signal(int signal) {
  if (signal == SIGINT && interrupted != 0) {
    std::signal(SIGINT, SIG_DFL);
    std::raise(SIGINT);  // strikes as soon as this handler returns
  }
  if (signal == SIGINT) interrupted = 1;
  signalled = 1;
}
}  // namespace

Interrupt::Interrupt() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGUSR1, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
}

bool Interrupt::requested() noexcept {
  return signalled != 0;
}
bool Interrupt::requested(const Communicator& comm) {
  return comm.any(requested());
}

}  // namespace thalweg
