#include "studies/plan_timing.hpp"

#include <malloc.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "linalg/gemm.hpp"

namespace thalweg {

double seconds_of(const std::function<void()>& unit) {
  constexpr double long_s = 0.5;
  constexpr double enough_s = 0.06;
  constexpr std::size_t most = 15;
  const Stopwatch first;
  unit();
  if (const double once = first.elapsed_s(); once > long_s) return once;
  std::vector<double> times;
  const Stopwatch all;
  while (times.size() < 3 || (all.elapsed_s() < enough_s && times.size() < most)) {
    const Stopwatch watch;
    unit();
    times.push_back(watch.elapsed_s());
  }
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2),
                   times.end());
  return times[times.size() / 2];
}

LineThrough line_through(std::int64_t few, double few_s, std::int64_t many, double many_s) {
  const auto n = static_cast<double>(many);
  if (many <= few || many_s <= few_s) return {0.0, many_s / n};
  const double slope = std::min((many_s - few_s) / static_cast<double>(many - few), many_s / n);
  return {many_s - slope * n, slope};
}

template <class Real>
double gemm_rate() {
  constexpr std::int64_t n = 768;
  const std::vector<Real> a(static_cast<std::size_t>(n * n), Real{1});
  std::vector<Real> c(a.size());
  const double seconds = seconds_of(
      [&] { gemm(false, false, n, n, n, Real{1}, a.data(), a.data(), Real{0}, c.data()); });
  return 2.0 * static_cast<double>(n * n * n) / seconds;
}

double status_bytes(const char* line) {
  std::ifstream file("/proc/self/status");
  const std::string wanted = std::string(line) + ":";
  for (std::string word; file >> word;) {
    if (word != wanted) continue;
    double kibibytes = 0.0;
    file >> kibibytes;
    return kibibytes * 1024.0;
  }
  return 0.0;
}

double allocated_bytes() {
  const struct mallinfo2 now = mallinfo2();
  return static_cast<double>(now.uordblks) + static_cast<double>(now.hblkhd);
}

template double gemm_rate<float>();
template double gemm_rate<double>();

}  // namespace thalweg
