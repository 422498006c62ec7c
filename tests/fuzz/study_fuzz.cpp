// A study file and, each behind a line "%%", arguments of --set: read as `thalweg run --dry-run`
// does. What is accepted must mean the same when its resolved text is read again, as a resumed
// study does.
#include <mpi.h>
#include <sanitizer/lsan_interface.h>

#include <algorithm>
#include <optional>

#include "fuzz/input.hpp"
#include "runs/output_folder.hpp"
#include "runs/study.hpp"
#include "studies/study_kinds.hpp"

namespace {

using namespace thalweg;
using namespace thalweg::fuzzing;

const Communicator& world() {
  static const Communicator communicator = Communicator::duplicate(MPI_COMM_WORLD);
  return communicator;
}

/// The resolved text of a study that is accepted. Without [from]: a record is another target's
/// matter, and its path could be any file of the machine.
std::optional<std::string> resolved(const std::string& text,
                                    const std::vector<std::string>& overrides) {
  std::optional<std::string> result;
  accepted([&] {
    const Settings settings = Settings::parse(text, "study.toml", overrides);
    const StudyHeader header = read_study_header(settings, "study.toml");
    const auto& kinds = study_kinds();
    const auto kind = std::find_if(kinds.begin(), kinds.end(),
                                   [&](const auto& one) { return one.name == header.kind; });
    if (kind == kinds.end() || settings.has("from")) return;
    const Log log = Log::silent();
    StudyContext context{.world = world(),
                         .log = log,
                         .provenance = {},
                         .study_file = "study.toml",
                         .study_text = text,
                         .output_folder = folder().file("results"),
                         .dry_run = true,
                         .started = {}};
    kind->prepare(settings, header, context);
    settings.reject_unknown();
    result = settings.resolved();
  });
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  const __lsan::ScopedDisabler kept_to_the_end;
  MPI_Init(argc, argv);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const std::string text(input.part());
  std::vector<std::string> overrides;
  while (!input.rest().empty()) overrides.emplace_back(input.part());
  const auto first = resolved(text, overrides);
  if (!first) return 0;
  require(resolved(*first, {}) == first);
  require(!configuration_difference(*first, *first));
  return 0;
}
