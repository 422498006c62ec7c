#include "studies/kernel_study.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "data/data_set.hpp"
#include "records/record.hpp"
#include "studies/data_settings.hpp"
#include "studies/kernel_record.hpp"
#include "studies/kernel_settings.hpp"

namespace thalweg {

namespace {

/// The result and the hash-bearing description of the data it is of.
template <class Real>
std::pair<KernelResult, std::string> compute(const DataOptions& options,
                                             const KernelSettings& chosen,
                                             const StudyContext& context, bool resume) {
  const DataSet<Real> data = load_data<Real>(options, context.world, context.world);
  std::optional<GramKeeping> keeping;
  if (chosen.keep_gram) {
    keeping = GramKeeping{(std::filesystem::path(context.output_folder) / "gram.h5").string(),
                          provenance_attributes(context.provenance), resume};
  }
  const WorkControl control{context.log,
                            [&] { return context.started.elapsed_s() > context.time_limit_s; }};
  const auto kernel = chosen.kernel.make<Real>();
  std::unique_ptr<Kernel<Real>> nngp;
  if (chosen.regression.ensemble) nngp = chosen.kernel.nngp()->make<Real>();
  if constexpr (std::is_same_v<Real, double>) {
    if (chosen.mixed_precision) {
      const auto rough = load_data<float>(options, context.world, context.world);
      return {mixed_kernel_regression(context.world, rough, *chosen.kernel.make<float>(), data,
                                      *kernel, chosen.regression, keeping, control),
              data.description};
    }
  }
  KernelResult result = kernel_regression<Real>(context.world, data, *kernel, chosen.regression,
                                                keeping, control, nngp.get());
  return {std::move(result), data.description};
}

}  // namespace

StudyBody prepare_kernel_study(const Settings& settings, const StudyHeader& header,
                               StudyContext& context) {
  const Settings data_table = settings.table("data");
  const DataOptions options = data_options(data_table, static_cast<std::uint64_t>(header.seed));
  if (options.placement == Placement::sharded) {
    data_table.fail("placement", "a kernel study needs \"node\": every rank reads all samples");
  }
  const KernelSettings chosen = kernel_settings(settings, options.train);
  if (header.team_size != 0) {
    settings.table("study").fail("team_size", "a kernel study always uses all ranks; leave it out");
  }
  return [=, &context](StudyStart start) {
    const bool resume = start == StudyStart::resumed;
    const auto study = std::filesystem::path(context.output_folder) / "study.h5";
    std::int64_t complete = 0;
    if (context.world.is_root()) complete = resume && std::filesystem::exists(study) ? 1 : 0;
    context.world.broadcast(std::span<std::int64_t>(&complete, 1));
    if (complete != 0) {
      if (context.world.is_root()) context.log.info(study.string() + " is complete: nothing to do");
      return ExitCode::done;
    }
    const auto computed = chosen.single_precision
                              ? compute<float>(options, chosen, context, resume)
                              : compute<double>(options, chosen, context, resume);
    // Names, not a structured binding, which not every C++20 compiler lets a lambda capture.
    const KernelResult& result = computed.first;
    const std::string& data = computed.second;
    if (result.interrupted) {
      if (context.world.is_root()) {
        context.log.info(
            chosen.keep_gram
                ? "stopped; the finished tiles are kept: run again with --resume"
                : "stopped; without keep_gram no tiles are kept: --resume starts anew");
      }
      return ExitCode::checkpointed;
    }
    collectively(context.world, [&] {
      if (!context.world.is_root()) return;
      write_record(study.string(), kernel_record(result, chosen, header, context,
                                                 recorded_configuration(settings), data));
      print_kernel_table(result, chosen, context.output_folder);
    });
    return ExitCode::done;
  };
}

}  // namespace thalweg
