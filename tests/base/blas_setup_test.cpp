#include "base/blas_setup.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>

#include "base/error.hpp"

namespace thalweg {
namespace {

TEST(BlasSetup, WithoutRoomForItsBufferItFailsAndDoesNotHang) {
  rlim_t pages = 0;  // of address space in use
  std::ifstream("/proc/self/statm") >> pages;
  struct rlimit before {};
  ASSERT_EQ(getrlimit(RLIMIT_AS, &before), 0);
  struct rlimit tight = before;
  tight.rlim_cur = pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + (rlim_t{64} << 20);
  ASSERT_EQ(setrlimit(RLIMIT_AS, &tight), 0);
  std::string message;
  try {
    use_one_blas_thread();
  } catch (const Error& error) {
    message = error.what();
  }
  ASSERT_EQ(setrlimit(RLIMIT_AS, &before), 0);
  EXPECT_NE(message.find("128 MiB of memory for BLAS"), std::string::npos) << message;
}

}  // namespace
}  // namespace thalweg
