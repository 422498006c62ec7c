#pragma once

#include <string>
#include <string_view>

namespace thalweg {

/// Writes these bytes under the name ".NAME.partial" beside `path`, then fsync, rename to `path`,
/// fsync of the folder: whatever kills the process, `path` is the old file or the whole new one.
/// Missing folders are made; the partial file is removed when anything throws. Local. Throws Error
/// naming path and cause.
void write_bytes_atomically(const std::string& path, std::string_view bytes);

/// The name under which `path` is written before it is whole.
std::string partial_name(const std::string& path);

/// Makes sure that renames and links within `folder` survive a crash of the machine. Local.
void sync_folder(const std::string& folder);

}  // namespace thalweg
