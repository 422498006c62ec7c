#pragma once

#include <cstdint>
#include <string>

#include "kernels/gram_layout.hpp"
#include "records/journal.hpp"

namespace thalweg {

/// Values of a row of a journal of marks: the checksum's bits.
inline constexpr std::int64_t kGramMarkValues = 1;

/// The journal in which a rank marks the strips of the Gram matrix `path` that it has written.
std::string gram_marks_of(const std::string& path, int rank);

/// Marks an entry of /done with its strip's checksum. Local. Throws Error.
void append_gram_mark(Journal& marks, std::int64_t entry, std::uint64_t checksum);

/// Adds to `layout` what the journals of all ranks mark, of however many there were; returns how
/// many marks that is. Local.
std::int64_t read_gram_marks(const std::string& path, GramFileLayout& layout);

/// Writes /done and /checksum of `file` and makes them durable. Local: one rank alone. Throws
/// Error.
void write_gram_marks(const std::string& file, const GramFileLayout& layout);

/// Removes all journals of marks of the Gram matrix `path`. Local.
void remove_gram_marks(const std::string& path);

}  // namespace thalweg
