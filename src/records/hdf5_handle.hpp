#pragma once

#include <hdf5.h>

#include <string>
#include <utility>

namespace thalweg::hdf5 {

/// Keeps HDF5 from printing its error stack while it lives: failures are reported by exceptions
/// here, and probing for what may be absent is no failure. Local.
class QuietErrors {
 public:
  QuietErrors();
  ~QuietErrors();
  QuietErrors(const QuietErrors&) = delete;
  QuietErrors& operator=(const QuietErrors&) = delete;

 private:
  H5E_auto2_t function_ = nullptr;
  void* data_ = nullptr;
};

/// Throws Error "FILE: WHAT failed: HDF5's error stack, from the call down to the cause".
[[noreturn]] void fail(const std::string& where, const std::string& what);
/// A negative HDF5 code becomes an Error that names `where` (file and path in it) and the call.
/// Local.
template <class Code>
Code check(Code code, const std::string& where, const char* what) {
  if (code < 0) fail(where, what);
  return code;
}

/// Owns an HDF5 identifier of any kind; move-only. Local.
class Handle {
 public:
  using Close = herr_t (*)(hid_t);
  Handle() = default;
  /// Takes `id`; throws Error naming `where` and `what` when it is negative.
  Handle(hid_t id, Close closer, const std::string& where, const char* what)
      : id_(check(id, where, what)), close_(closer) {}
  Handle(Handle&& other) noexcept
      : id_(std::exchange(other.id_, H5I_INVALID_HID)), close_(other.close_) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  [[nodiscard]] hid_t id() const noexcept { return id_; }
  /// Closes now and throws where closing fails: the end of a file that must be whole.
  void close(const std::string& where, const char* what) {
    check(close_(std::exchange(id_, H5I_INVALID_HID)), where, what);
  }

 private:
  hid_t id_ = H5I_INVALID_HID;
  Close close_ = nullptr;
};

/// A string type of any length in UTF-8, which h5py reads as str.
Handle string_type(const std::string& where);

}  // namespace thalweg::hdf5
