#include <algorithm>

#include "base/aligned.hpp"
#include "base/error.hpp"
#include "linalg/local_blas.hpp"
#include "linalg/rank_sum.hpp"
#include "linalg/scalapack.hpp"
#include "linalg/upper_cholesky.hpp"

namespace thalweg {

namespace {

template <class Real>
class UpperSolve {
 public:
  UpperSolve(const DistributedMatrix<Real>& factor, std::span<Real> columns)
      : u_(&factor),
        grid_(&factor.grid()),
        x_(columns),
        n_(factor.rows()),
        m_(static_cast<std::int64_t>(columns.size()) / n_),
        b_(factor.block()),
        blocks_(factor.row_axis().blocks()),
        in_column_(grid_->comm().split(grid_->my_column())),
        in_row_(grid_->comm().split(grid_->my_row())) {}

  void forward() {
    const std::int64_t width = u_->local_columns();
    AlignedVector<Real> sums(static_cast<std::size_t>(width * m_), Real{0});
    for (std::int64_t k = 0; k < blocks_; ++k) {
      const std::int64_t rows = rows_of(k);
      std::vector<Real> part(static_cast<std::size_t>(rows * m_));
      if (is_mine(k, grid_->columns(), grid_->my_column())) {
        for (std::int64_t c = 0; c < m_; ++c) {
          std::copy_n(sums.data() + column_of(k) + c * width, rows, part.data() + c * rows);
        }
        sum_over_ranks(in_column_, std::span<Real>(part));
      }
      if (!is_mine(k, grid_->rows(), grid_->my_row())) continue;
      if (is_mine(k, grid_->columns(), grid_->my_column())) {
        for (std::int64_t c = 0; c < m_; ++c) {
          for (std::int64_t i = 0; i < rows; ++i) {
            Real& value = part[static_cast<std::size_t>(i + c * rows)];
            value = x_[static_cast<std::size_t>(k * b_ + i + c * n_)] - value;
          }
        }
        blas::solve_triangle(CblasTrans, rows, m_, at(row_of(k), column_of(k)),
                             u_->leading_dimension(), part.data(), rows);
      }
      in_row_.broadcast(std::span<Real>(part), static_cast<int>(k % grid_->columns()));
      put(k, part);
      const std::int64_t behind = column_of(k + 1);
      if (behind == width) continue;
      blas::gemm(CblasTrans, CblasNoTrans, width - behind, m_, rows, Real{1}, at(row_of(k), behind),
                 u_->leading_dimension(), part.data(), rows, Real{1}, sums.data() + behind, width);
    }
  }

  /// A rank knows the forward solution of its own block rows, and needs no other.
  void backward() {
    const std::int64_t width = u_->local_columns();
    AlignedVector<Real> known(static_cast<std::size_t>(width * m_), Real{0});
    for (std::int64_t k = blocks_ - 1; k >= 0; --k) {
      const std::int64_t rows = rows_of(k);
      std::vector<Real> part(static_cast<std::size_t>(rows * m_), Real{0});
      if (is_mine(k, grid_->rows(), grid_->my_row())) {
        const std::int64_t behind = column_of(k + 1);
        if (behind < width) {
          blas::gemm(CblasNoTrans, CblasNoTrans, rows, m_, width - behind, Real{1},
                     at(row_of(k), behind), u_->leading_dimension(), known.data() + behind, width,
                     Real{0}, part.data(), rows);
        }
        sum_over_ranks(in_row_, std::span<Real>(part));
        if (is_mine(k, grid_->columns(), grid_->my_column())) {
          for (std::int64_t c = 0; c < m_; ++c) {
            for (std::int64_t i = 0; i < rows; ++i) {
              Real& value = part[static_cast<std::size_t>(i + c * rows)];
              value = x_[static_cast<std::size_t>(k * b_ + i + c * n_)] - value;
            }
          }
          blas::solve_triangle(CblasNoTrans, rows, m_, at(row_of(k), column_of(k)),
                               u_->leading_dimension(), part.data(), rows);
        }
      }
      grid_->comm().broadcast(std::span<Real>(part),
                              grid_->rank_at(static_cast<int>(k % grid_->rows()),
                                             static_cast<int>(k % grid_->columns())));
      put(k, part);
      if (!is_mine(k, grid_->columns(), grid_->my_column())) continue;
      for (std::int64_t c = 0; c < m_; ++c) {
        std::copy_n(part.data() + c * rows, rows, known.data() + column_of(k) + c * width);
      }
    }
  }

 private:
  static bool is_mine(std::int64_t k, int parts, int part) { return k % parts == part; }
  [[nodiscard]] std::int64_t rows_of(std::int64_t k) const { return std::min(b_, n_ - k * b_); }
  [[nodiscard]] std::int64_t column_of(std::int64_t k) const {
    return u_->column_axis().local_size_before(k * b_, grid_->my_column());
  }
  [[nodiscard]] std::int64_t row_of(std::int64_t k) const {
    return u_->row_axis().local_size_before(k * b_, grid_->my_row());
  }
  [[nodiscard]] const Real* at(std::int64_t row, std::int64_t column) const {
    return u_->data() + row + column * u_->leading_dimension();
  }
  void put(std::int64_t k, const std::vector<Real>& part) {
    const std::int64_t rows = rows_of(k);
    for (std::int64_t c = 0; c < m_; ++c) {
      std::copy_n(part.begin() + c * rows, rows, x_.begin() + k * b_ + c * n_);
    }
  }

  const DistributedMatrix<Real>* u_;
  const ProcessGrid* grid_;
  std::span<Real> x_;
  std::int64_t n_;
  std::int64_t m_;
  std::int64_t b_;
  std::int64_t blocks_;
  Communicator in_column_;
  Communicator in_row_;
};

}  // namespace

template <class Real>
void solve_upper(const DistributedMatrix<Real>& factor, std::span<Real> columns) {
  const auto size = static_cast<std::int64_t>(columns.size());
  if (factor.rows() != factor.columns() || size == 0 || size % factor.rows() != 0) {
    throw Error("right-hand sides do not fit the factor");
  }
  UpperSolve<Real> solve(factor, columns);
  solve.forward();
  solve.backward();
}

template <class Real>
std::vector<double> diagonal_of(const DistributedMatrix<Real>& matrix) {
  std::vector<double> diagonal(static_cast<std::size_t>(matrix.rows()), 0.0);
  for (std::int64_t j = 0; j < matrix.local_columns(); ++j) {
    const std::int64_t k = matrix.global_column(j);
    if (k >= matrix.rows() || matrix.row_axis().owner(k) != matrix.grid().my_row()) continue;
    diagonal[static_cast<std::size_t>(k)] =
        static_cast<double>(matrix.local(matrix.row_axis().to_local(k), j));
  }
  sum_over_ranks(matrix.grid().comm(), std::span<double>(diagonal));
  return diagonal;
}

template <class Real>
void invert_upper(DistributedMatrix<Real>& factor) {
  const int n = narrow(factor.rows(), "matrix order");
  const int one = 1;
  int info = 0;
  if constexpr (sizeof(Real) == sizeof(double)) {
    pdtrtri_("U", "N", &n, factor.data(), &one, &one, factor.descriptor(), &info);
  } else {
    pstrtri_("U", "N", &n, factor.data(), &one, &one, factor.descriptor(), &info);
  }
  if (info < 0) throw Error("p?trtri: an argument is invalid");
  if (factor.grid().comm().any(info > 0)) throw Error("p?trtri: the factor is singular");
}

template <class Real>
std::vector<double> squared_upper_rows(const DistributedMatrix<Real>& matrix) {
  std::vector<double> sums(static_cast<std::size_t>(matrix.rows()), 0.0);
  for (std::int64_t j = 0; j < matrix.local_columns(); ++j) {
    const std::int64_t column = matrix.global_column(j);
    for (std::int64_t i = 0; i < matrix.local_rows(); ++i) {
      const std::int64_t row = matrix.global_row(i);
      if (row > column) break;
      const auto value = static_cast<double>(matrix.local(i, j));
      sums[static_cast<std::size_t>(row)] += value * value;
    }
  }
  sum_over_ranks(matrix.grid().comm(), std::span<double>(sums));
  return sums;
}

template void solve_upper(const DistributedMatrix<float>&, std::span<float>);
template void solve_upper(const DistributedMatrix<double>&, std::span<double>);
template std::vector<double> diagonal_of(const DistributedMatrix<float>&);
template std::vector<double> diagonal_of(const DistributedMatrix<double>&);
template void invert_upper(DistributedMatrix<float>&);
template void invert_upper(DistributedMatrix<double>&);
template std::vector<double> squared_upper_rows(const DistributedMatrix<float>&);
template std::vector<double> squared_upper_rows(const DistributedMatrix<double>&);

}  // namespace thalweg
