#pragma once

namespace thalweg {

/// Gives the system back what the allocator holds of freed memory. glibc keeps freed arrays below a
/// threshold that grows to 32 MiB with the largest one freed (mallopt(3)): where one network ends
/// and another begins, a rank's peak would otherwise hang on all that came before. Local.
void give_back_freed_memory();

}  // namespace thalweg
