#pragma once

#include <mpi.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace thalweg {

namespace detail {
template <class T>
MPI_Datatype mpi_type();
template <>
inline MPI_Datatype mpi_type<char>() {
  return MPI_CHAR;
}
template <>
inline MPI_Datatype mpi_type<std::uint8_t>() {
  return MPI_UINT8_T;
}
template <>
inline MPI_Datatype mpi_type<int>() {
  return MPI_INT;
}
template <>
inline MPI_Datatype mpi_type<std::int64_t>() {
  return MPI_INT64_T;
}
template <>
inline MPI_Datatype mpi_type<std::uint64_t>() {
  return MPI_UINT64_T;
}
template <>
inline MPI_Datatype mpi_type<float>() {
  return MPI_FLOAT;
}
template <>
inline MPI_Datatype mpi_type<double>() {
  return MPI_DOUBLE;
}
}  // namespace detail

class NodeStage;

/// Throws Error with MPI's own text when `code` is not MPI_SUCCESS. Local.
void check_mpi(int code, const char* call);

/// Owns a duplicate or a split of an MPI communicator, whose errors are returned and checked.
/// Passed explicitly, never global. Must die before MPI_Finalize. Counts above 2³¹ are sent in
/// pieces.
class Communicator {
 public:
  /// Collective over `source`.
  static Communicator duplicate(MPI_Comm source);
  Communicator(Communicator&& other) noexcept;
  Communicator& operator=(Communicator&& other) noexcept;
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;
  /// Frees the handle, unless an exception unwinds (freeing is collective and could hang).
  ~Communicator();

  [[nodiscard]] int rank() const noexcept { return rank_; }
  [[nodiscard]] int size() const noexcept { return size_; }
  [[nodiscard]] bool is_root() const noexcept { return rank_ == 0; }
  [[nodiscard]] MPI_Comm handle() const noexcept { return handle_; }

  /// Collective. Ranks with the same colour, ordered by rank.
  [[nodiscard]] Communicator split(int color) const;
  /// Collective. The ranks that share this node's memory.
  [[nodiscard]] Communicator split_by_node() const;
  /// Collective. The shared areas of these ranks; null where they are on several nodes or one rank
  /// alone.
  [[nodiscard]] NodeStage* stage() const;

  void barrier() const;  ///< Collective.
  template <class T>
  void broadcast(std::span<T> values, int root = 0) const;  ///< Collective.
  [[nodiscard]] std::string broadcast(const std::string& text,
                                      int root = 0) const;   ///< Collective.
  [[nodiscard]] std::int64_t max(std::int64_t value) const;  ///< Collective.
  [[nodiscard]] std::int64_t min(std::int64_t value) const;  ///< Collective.
  [[nodiscard]] std::int64_t sum(std::int64_t value) const;  ///< Collective; exact, integers only.
  [[nodiscard]] double max(double value) const;              ///< Collective.
  [[nodiscard]] bool any(bool value) const { return max(static_cast<std::int64_t>(value)) != 0; }

  /// Collective. Every rank's block in rank order; `counts[r]` elements from rank r, known on all
  /// ranks.
  template <class T>
  void all_gather(std::span<const T> mine, std::span<T> all,
                  std::span<const std::int64_t> counts) const;
  /// Collective. As above, in place: rank r's block of `all` is already there on rank r.
  template <class T>
  void all_gather_in_place(std::span<T> all, std::span<const std::int64_t> counts) const;
  /// Collective. Blocks of unknown sizes: exchanges the sizes first.
  template <class T>
  [[nodiscard]] std::vector<T> gather_all(std::span<const T> mine) const;
  /// Collective. One string from each rank, in rank order.
  [[nodiscard]] std::vector<std::string> gather_strings(const std::string& mine) const;

  /// One side of a point-to-point exchange. Local; complete with wait_all.
  template <class T>
  void start_send(std::span<const T> values, int to, int tag,
                  std::vector<MPI_Request>& requests) const;
  template <class T>
  void start_receive(std::span<T> values, int from, int tag,
                     std::vector<MPI_Request>& requests) const;
  static void wait_all(std::vector<MPI_Request>& requests);

 private:
  explicit Communicator(MPI_Comm handle);
  void release() noexcept;
  MPI_Comm handle_ = MPI_COMM_NULL;
  int rank_ = 0;
  int size_ = 1;
  int exceptions_at_birth_ = 0;
  mutable std::unique_ptr<NodeStage> stage_;  // made when first asked for
  mutable bool stage_known_ = false;
};

/// "[rank r/P] " within the whole job, for messages: the rank a person knows; empty for a single
/// rank. Local.
[[nodiscard]] std::string rank_label();

/// Collective. Runs `action`, which may throw on some ranks but must not communicate. If it threw
/// anywhere, the lowest such rank prints its message to stderr and every rank throws ReportedError
/// with its code: no rank is left waiting.
void collectively(const Communicator& comm, const std::function<void()>& action);

}  // namespace thalweg
