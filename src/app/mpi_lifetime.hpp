#pragma once

namespace thalweg {

/// MPI from start to end. The destructor skips MPI_Finalize while an exception unwinds: finalising
/// would wait for ranks that are somewhere else; main aborts instead.
class MpiLifetime {
 public:
  MpiLifetime(int& argc, char**& argv);
  ~MpiLifetime();
  MpiLifetime(const MpiLifetime&) = delete;
  MpiLifetime& operator=(const MpiLifetime&) = delete;
};

}  // namespace thalweg
