#pragma once

#include "records/begun_file.hpp"
#include "runs/study.hpp"

namespace thalweg {

/// Holds what a study reads now against what it began with, which its folder keeps (begun.txt):
/// every kind of study calls this with all that is not told by its configuration, as soon as it has
/// read it. Facts that the folder does not have yet are added. `now` is the root's. Collective over
/// world. Throws ReportedError (usage) that names what differs, as it was and as it is, and ends in
/// `cure`.
void hold_to_beginning(const StudyContext& context, const BegunFacts& now,
                       const std::string& cure = "put that back, or begin anew with --force");

/// Which bytes of a file a fact is of: all, or its last ones, which in a file with a seal prove the
/// others.
enum class FilePart : std::uint8_t { whole, end };

/// The fact that the file which `key` names has these bytes. Local. Throws Error where it cannot be
/// read.
BegunFacts file_fact(const std::string& key, const std::string& path,
                     FilePart part = FilePart::whole);

/// Checksum as facts have it.
std::string hexadecimal(std::uint64_t checksum);

}  // namespace thalweg
