#include "planning/plan_timing.hpp"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/freed_memory.hpp"
#include "linalg/gemm.hpp"

namespace thalweg {

namespace {

/// Seconds since the machine began at which a process did (proc(5), stat); negative: unknown.
double start_of(const std::string& process) {
  std::ifstream file("/proc/" + process + "/stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto after_name = text.rfind(')');
  if (after_name == std::string::npos) return -1.0;
  std::istringstream fields(text.substr(after_name + 1));
  constexpr int before = 19;  // the 22nd of all, the third being the first here
  std::string field;
  for (int k = 0; k < before && fields >> field; ++k) {
  }
  double ticks = -1.0;
  return fields >> ticks ? ticks / static_cast<double>(sysconf(_SC_CLK_TCK)) : -1.0;
}

}  // namespace

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

double seconds_since_launch() {
  static const std::set<std::string> launchers{"mpirun",  "mpiexec", "orterun",   "orted",
                                               "prterun", "prted",   "slurmstepd"};
  const std::string parent = std::to_string(getppid());
  std::string name;
  std::getline(std::ifstream("/proc/" + parent + "/comm") >> std::ws, name);
  const double began = start_of(launchers.contains(name) ? parent : "self");
  double now = -1.0;
  std::ifstream("/proc/uptime") >> now;
  return began < 0.0 || now < 0.0 ? 0.0 : std::max(0.0, now - began);
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

double program_bytes() {
  give_back_freed_memory();
  return status_bytes("VmRSS");
}

double file_bytes(const std::string& file) {
  std::error_code none;
  const auto size = std::filesystem::file_size(file, none);
  return none ? 0.0 : static_cast<double>(size);
}

double allocated_bytes() {
  const struct mallinfo2 now = mallinfo2();
  return static_cast<double>(now.uordblks) + static_cast<double>(now.hblkhd);
}

template double gemm_rate<float>();
template double gemm_rate<double>();

}  // namespace thalweg
