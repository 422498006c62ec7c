#include "parallel/communicator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <limits>
#include <numeric>
#include <utility>

#include "base/blas_setup.hpp"
#include "parallel/node_stage.hpp"

namespace thalweg {

namespace {
/// The largest number of elements handed to one MPI call.
constexpr std::int64_t kPiece = std::int64_t{1} << 28;

std::vector<std::int64_t> starts_of(std::span<const std::int64_t> counts) {
  std::vector<std::int64_t> starts(counts.size() + 1, 0);
  std::partial_sum(counts.begin(), counts.end(), starts.begin() + 1);
  return starts;
}
}  // namespace

void check_mpi(int code, const char* call) {
  if (code == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(code, text.data(), &length);
  throw Error(fmt::format("{} failed: {}", call,
                          std::string(text.data(), static_cast<std::size_t>(length))));
}

Communicator::Communicator(MPI_Comm handle)
    : handle_(handle), exceptions_at_birth_(std::uncaught_exceptions()) {
  check_mpi(MPI_Comm_set_errhandler(handle_, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  check_mpi(MPI_Comm_rank(handle_, &rank_), "MPI_Comm_rank");
  check_mpi(MPI_Comm_size(handle_, &size_), "MPI_Comm_size");
}

Communicator Communicator::duplicate(MPI_Comm source) {
  MPI_Comm handle = MPI_COMM_NULL;
  check_mpi(MPI_Comm_dup(source, &handle), "MPI_Comm_dup");
  return Communicator(handle);
}

Communicator::Communicator(Communicator&& other) noexcept
    : handle_(std::exchange(other.handle_, MPI_COMM_NULL)),
      rank_(other.rank_),
      size_(other.size_),
      exceptions_at_birth_(other.exceptions_at_birth_),
      stage_(std::move(other.stage_)),
      stage_known_(other.stage_known_) {}

Communicator& Communicator::operator=(Communicator&& other) noexcept {
  if (this != &other) {
    release();
    handle_ = std::exchange(other.handle_, MPI_COMM_NULL);
    rank_ = other.rank_;
    size_ = other.size_;
    exceptions_at_birth_ = other.exceptions_at_birth_;
    stage_ = std::move(other.stage_);
    stage_known_ = other.stage_known_;
  }
  return *this;
}

void Communicator::release() noexcept {
  if (handle_ == MPI_COMM_NULL || std::uncaught_exceptions() > exceptions_at_birth_) return;
  stage_.reset();
  MPI_Comm_free(&handle_);
}

Communicator::~Communicator() {
  release();
}

Communicator Communicator::split(int color) const {
  MPI_Comm handle = MPI_COMM_NULL;
  check_mpi(MPI_Comm_split(handle_, color, rank_, &handle), "MPI_Comm_split");
  return Communicator(handle);
}

Communicator Communicator::split_by_node() const {
  MPI_Comm handle = MPI_COMM_NULL;
  check_mpi(MPI_Comm_split_type(handle_, MPI_COMM_TYPE_SHARED, rank_, MPI_INFO_NULL, &handle),
            "MPI_Comm_split_type");
  return Communicator(handle);
}

NodeStage* Communicator::stage() const {
  if (!stage_known_ && size_ > 1) {
    Communicator node = split_by_node();
    if (min(node.size()) == size_) stage_ = std::make_unique<NodeStage>(std::move(node));
  }
  stage_known_ = true;
  return stage_.get();
}

void Communicator::barrier() const {
  check_mpi(MPI_Barrier(handle_), "MPI_Barrier");
}

template <class T>
void Communicator::broadcast(std::span<T> values, int root) const {
  const auto n = static_cast<std::int64_t>(values.size());
  for (std::int64_t at = 0; at < n; at += kPiece) {
    check_mpi(MPI_Bcast(values.data() + at, narrow(std::min(kPiece, n - at), "broadcast count"),
                        detail::mpi_type<T>(), root, handle_),
              "MPI_Bcast");
  }
}

std::string Communicator::broadcast(const std::string& text, int root) const {
  auto size = static_cast<std::int64_t>(text.size());
  broadcast(std::span(&size, 1), root);
  std::string result = text;
  result.resize(static_cast<std::size_t>(size));
  broadcast(std::span(result), root);
  return result;
}

namespace {
template <class T>
T reduce(T value, MPI_Op op, MPI_Comm comm) {
  T result{};
  check_mpi(MPI_Allreduce(&value, &result, 1, detail::mpi_type<T>(), op, comm), "MPI_Allreduce");
  return result;
}
}  // namespace

std::int64_t Communicator::max(std::int64_t value) const {
  return reduce(value, MPI_MAX, handle_);
}
std::int64_t Communicator::min(std::int64_t value) const {
  return reduce(value, MPI_MIN, handle_);
}
std::int64_t Communicator::sum(std::int64_t value) const {
  return reduce(value, MPI_SUM, handle_);
}
double Communicator::max(double value) const {
  return reduce(value, MPI_MAX, handle_);
}

template <class T>
void Communicator::all_gather(std::span<const T> mine, std::span<T> all,
                              std::span<const std::int64_t> counts) const {
  const auto starts = starts_of(counts);
  std::copy(mine.begin(), mine.end(), all.begin() + starts[static_cast<std::size_t>(rank_)]);
  all_gather_in_place(all, counts);
}

namespace {

template <class T>
void gather_by_stage(NodeStage& stage, int rank, std::span<T> all,
                     std::span<const std::int64_t> starts) {
  const auto block = [&](int of, std::int64_t at) {
    constexpr auto most = NodeStage::kArea / static_cast<std::int64_t>(sizeof(T));
    const std::int64_t end = starts[static_cast<std::size_t>(of) + 1];
    const std::int64_t begin = std::min(starts[static_cast<std::size_t>(of)] + at, end);
    return all.subspan(static_cast<std::size_t>(begin),
                       static_cast<std::size_t>(std::min(most, end - begin)));
  };
  const auto nothing_left = [&](std::int64_t at) {
    for (int of = 0; of < stage.size(); ++of) {
      if (!block(of, at).empty()) return false;
    }
    return true;
  };
  for (std::int64_t at = 0; !nothing_left(at);
       at += NodeStage::kArea / static_cast<std::int64_t>(sizeof(T))) {
    const auto mine = block(rank, at);
    std::copy(mine.begin(), mine.end(), stage.mine<T>().begin());
    stage.show();
    for (int of = 0; of < stage.size(); ++of) {
      const auto to = block(of, at);
      const auto from = stage.of<T>(of).first(to.size());
      if (of != rank) std::copy(from.begin(), from.end(), to.begin());
    }
  }
}

}  // namespace

template <class T>
void Communicator::all_gather_in_place(std::span<T> all,
                                       std::span<const std::int64_t> counts) const {
  if (size_ == 1) return;
  const auto starts = starts_of(counts);
  // Below this size one message is as quick, and few communicators need their own stage.
  constexpr std::int64_t large = std::int64_t{1} << 16;
  if (starts.back() * static_cast<std::int64_t>(sizeof(T)) >= large && stage() != nullptr) {
    gather_by_stage(*stage(), rank_, all, std::span<const std::int64_t>(starts));
    return;
  }
  if (starts.back() < kPiece) {
    std::vector<int> small_counts(counts.size());
    std::vector<int> displacements(counts.size());
    for (std::size_t r = 0; r < counts.size(); ++r) {
      small_counts[r] = narrow(counts[r], "gather count");
      displacements[r] = narrow(starts[r], "gather displacement");
    }
    check_mpi(MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, all.data(), small_counts.data(),
                             displacements.data(), detail::mpi_type<T>(), handle_),
              "MPI_Allgatherv");
    return;
  }
  for (int r = 0; r < size_; ++r) {
    const auto at = static_cast<std::size_t>(r);
    broadcast(
        all.subspan(static_cast<std::size_t>(starts[at]), static_cast<std::size_t>(counts[at])), r);
  }
}

template <class T>
std::vector<T> Communicator::gather_all(std::span<const T> mine) const {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(size_), 0);
  counts[static_cast<std::size_t>(rank_)] = static_cast<std::int64_t>(mine.size());
  const std::vector<std::int64_t> one(counts.size(), 1);
  all_gather_in_place(std::span(counts), std::span<const std::int64_t>(one));
  std::vector<T> all(static_cast<std::size_t>(starts_of(counts).back()));
  all_gather(mine, std::span(all), std::span<const std::int64_t>(counts));
  return all;
}

std::vector<std::string> Communicator::gather_strings(const std::string& mine) const {
  const auto bytes = gather_all(std::span<const char>(mine.data(), mine.size()));
  const auto length = static_cast<std::int64_t>(mine.size());
  const auto lengths = gather_all(std::span(&length, 1));
  std::vector<std::string> texts;
  auto at = bytes.begin();
  for (const auto n : lengths) {
    texts.emplace_back(at, at + n);
    at += n;
  }
  return texts;
}

template <class T>
void Communicator::start_send(std::span<const T> values, int to, int tag,
                              std::vector<MPI_Request>& requests) const {
  const auto n = static_cast<std::int64_t>(values.size());
  for (std::int64_t at = 0; at < n; at += kPiece) {
    check_mpi(MPI_Isend(values.data() + at, narrow(std::min(kPiece, n - at), "send count"),
                        detail::mpi_type<T>(), to, tag, handle_, &requests.emplace_back()),
              "MPI_Isend");
  }
}

template <class T>
void Communicator::start_receive(std::span<T> values, int from, int tag,
                                 std::vector<MPI_Request>& requests) const {
  const auto n = static_cast<std::int64_t>(values.size());
  for (std::int64_t at = 0; at < n; at += kPiece) {
    check_mpi(MPI_Irecv(values.data() + at, narrow(std::min(kPiece, n - at), "receive count"),
                        detail::mpi_type<T>(), from, tag, handle_, &requests.emplace_back()),
              "MPI_Irecv");
  }
}

void Communicator::wait_all(std::vector<MPI_Request>& requests) {
  check_mpi(MPI_Waitall(narrow(static_cast<std::int64_t>(requests.size()), "number of requests"),
                        requests.data(), MPI_STATUSES_IGNORE),
            "MPI_Waitall");
  requests.clear();
}

#define THALWEG_INSTANTIATE(T)                                                                    \
  template void Communicator::broadcast<T>(std::span<T>, int) const;                              \
  template void Communicator::all_gather<T>(std::span<const T>, std::span<T>,                     \
                                            std::span<const std::int64_t>) const;                 \
  template void Communicator::all_gather_in_place<T>(std::span<T>, std::span<const std::int64_t>) \
      const;                                                                                      \
  template std::vector<T> Communicator::gather_all<T>(std::span<const T>) const;                  \
  template void Communicator::start_send<T>(std::span<const T>, int, int,                         \
                                            std::vector<MPI_Request>&) const;                     \
  template void Communicator::start_receive<T>(std::span<T>, int, int, std::vector<MPI_Request>&) \
      const;
THALWEG_INSTANTIATE(char)
THALWEG_INSTANTIATE(std::uint8_t)
THALWEG_INSTANTIATE(int)
THALWEG_INSTANTIATE(std::int64_t)
THALWEG_INSTANTIATE(std::uint64_t)
THALWEG_INSTANTIATE(float)
THALWEG_INSTANTIATE(double)
#undef THALWEG_INSTANTIATE

std::string rank_label() {
  int rank = 0;
  int size = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  return size > 1 ? fmt::format("[rank {}/{}] ", rank, size) : std::string();
}

void collectively(const Communicator& comm, const std::function<void()>& action) {
  std::string message;
  auto code = static_cast<std::int64_t>(ExitCode::done);
  bool already_reported = false;
  try {
    action();
  } catch (const ReportedError& error) {
    code = static_cast<std::int64_t>(error.code());
    already_reported = true;
  } catch (const Error& error) {
    message = error.what();
    code = static_cast<std::int64_t>(error.code());
  } catch (const std::bad_alloc&) {
    message = "out of memory";
    code = static_cast<std::int64_t>(ExitCode::failed);
  } catch (const std::exception& error) {
    message = error.what();
    code = static_cast<std::int64_t>(ExitCode::failed);
  }
  const bool failed = code != static_cast<std::int64_t>(ExitCode::done);
  const std::int64_t lowest =
      comm.min(failed ? std::int64_t{comm.rank()} : std::int64_t{comm.size()});
  if (lowest == comm.size()) return;
  comm.broadcast(std::span(&code, 1), static_cast<int>(lowest));
  if (comm.rank() == lowest && !already_reported) {
    std::fputs(fmt::format("thalweg: {}{}\n", rank_label(), message).c_str(), stderr);
  }
  throw ReportedError(static_cast<ExitCode>(code), comm.size());
}

}  // namespace thalweg
