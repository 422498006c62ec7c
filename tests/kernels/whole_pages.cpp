// The functions of files below take the place of the C library's in the whole program.
#include "whole_pages.hpp"

#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdio>
#include <cstring>
#include <map>

namespace {

constexpr off_t kPage = 4096;

struct Page {
  std::array<char, kPage> bytes{};
  bool dirty = false;
};

/// While nobody watches there is none: libraries open files before this program's objects live.
struct State {
  std::string watched;                        // part of a name; empty: nothing is watched
  std::map<int, std::map<off_t, Page>> kept;  // pages by open file
};
State* state = nullptr;

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}
using Put = ssize_t(int, const void*, size_t, off_t);
using Get = ssize_t(int, void*, size_t, off_t);
using Act = int(int);

bool is_watched(int file) {
  if (state == nullptr) return false;
  std::array<char, 64> link{};
  std::array<char, PATH_MAX> path{};
  std::snprintf(link.data(), link.size(), "/proc/self/fd/%d", file);
  return readlink(link.data(), path.data(), path.size() - 1) > 0 &&
         std::strstr(path.data(), state->watched.c_str()) != nullptr;
}

void send(int file) {
  if (state == nullptr) return;
  const auto found = state->kept.find(file);
  if (found == state->kept.end()) return;
  struct stat now {};
  fstat(file, &now);
  for (auto& [number, page] : found->second) {
    const off_t size = std::min<off_t>(kPage, now.st_size - number * kPage);
    if (page.dirty && size > 0) {
      real<Put>("pwrite64")(file, page.bytes.data(), static_cast<size_t>(size), number * kPage);
    }
    page.dirty = false;
  }
}

Page& page_of(int file, off_t number) {
  auto [found, fresh] = state->kept[file].try_emplace(number);
  if (fresh) real<Get>("pread64")(file, found->second.bytes.data(), kPage, number * kPage);
  return found->second;
}

ssize_t put(int file, const void* from, size_t size, off_t at) {
  if (!is_watched(file)) return real<Put>("pwrite64")(file, from, size, at);
  const char* bytes = static_cast<const char*>(from);
  for (size_t done = 0; done < size;) {
    const off_t place = at + static_cast<off_t>(done);
    const auto piece = std::min(size - done, static_cast<size_t>(kPage - place % kPage));
    Page& page = page_of(file, place / kPage);
    std::copy_n(bytes + done, piece, page.bytes.begin() + place % kPage);
    page.dirty = true;
    done += piece;
  }
  // The file grows at once, as its size does at the server.
  struct stat now {};
  if (fstat(file, &now) == 0 && now.st_size < at + static_cast<off_t>(size)) {
    if (ftruncate(file, at + static_cast<off_t>(size)) != 0) return -1;
  }
  return static_cast<ssize_t>(size);
}

ssize_t get(int file, void* to, size_t size, off_t at) {
  const ssize_t got = real<Get>("pread64")(file, to, size, at);
  if (state == nullptr) return got;
  const auto found = state->kept.find(file);
  if (found == state->kept.end()) return got;
  char* bytes = static_cast<char*>(to);
  for (ssize_t i = 0; i < got; ++i) {
    const auto page = found->second.find((at + i) / kPage);
    if (page != found->second.end()) {
      bytes[i] = page->second.bytes[static_cast<size_t>((at + i) % kPage)];
    }
  }
  return got;
}

}  // namespace

extern "C" {
ssize_t pwrite(int file, const void* from, size_t size, off_t at) {
  return put(file, from, size, at);
}
ssize_t pwrite64(int file, const void* from, size_t size, off_t at) {
  return put(file, from, size, at);
}
ssize_t pread(int file, void* to, size_t size, off_t at) {
  return get(file, to, size, at);
}
ssize_t pread64(int file, void* to, size_t size, off_t at) {
  return get(file, to, size, at);
}
int fsync(int file) {
  send(file);
  return real<Act>("fsync")(file);
}
int fdatasync(int file) {
  send(file);
  return real<Act>("fdatasync")(file);
}
int close(int file) {
  send(file);
  if (state != nullptr) state->kept.erase(file);
  return real<Act>("close")(file);
}
}

namespace thalweg::testing_support {

WholePages::WholePages(const std::string& part) {
  state = new State{part, {}};
}
WholePages::~WholePages() {
  delete state;
  state = nullptr;
}

}  // namespace thalweg::testing_support
