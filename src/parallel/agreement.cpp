#include "parallel/agreement.hpp"

namespace thalweg {

std::optional<Agreement::Round> Agreement::poll(bool stop, bool finished, std::int64_t done) {
  if (request_ == MPI_REQUEST_NULL) {
    mine_ = {stop ? 1 : 0, finished ? 1 : 0, done};
    check_mpi(MPI_Iallreduce(mine_.data(), sums_.data(), 3, MPI_INT64_T, MPI_SUM, comm_->handle(),
                             &request_),
              "MPI_Iallreduce");
  }
  int arrived = 0;
  check_mpi(MPI_Test(&request_, &arrived, MPI_STATUS_IGNORE), "MPI_Test");
  if (arrived == 0) return std::nullopt;
  return Round{sums_[0] > 0, sums_[1] == comm_->size(), sums_[2]};
}

}  // namespace thalweg
