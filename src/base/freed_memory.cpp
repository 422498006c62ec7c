#include "base/freed_memory.hpp"

#include <malloc.h>

namespace thalweg {

void give_back_freed_memory() {
  static_cast<void>(malloc_trim(0));
}

}  // namespace thalweg
