#include "studies/kernel/kernel_study.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <optional>

#include "data/data_settings.hpp"
#include "records/record.hpp"
#include "records/verify.hpp"
#include "runs/beginning.hpp"
#include "runs/study_data.hpp"
#include "studies/kernel/kernel_record.hpp"

namespace thalweg {

namespace fs = std::filesystem;

namespace {

/// What was computed, and the lines that say of what.
struct Computed {
  KernelResult result;
  std::string kernel;
  std::string data;
};

Record make_record(const Computed& computed, const KernelSettings& chosen,
                   const StudyHeader& header, const StudyContext& context,
                   const std::string& resolved) {
  Record record = kernel_record(computed.result);
  add_study_attributes(record, header, context, resolved);
  record.attributes["data"] = computed.data;
  record.attributes["kernel"] = computed.kernel;
  if (chosen.keeps_matrix(computed.result.train)) record.external_links["/gram"] = "gram.h5";
  return record;
}

std::optional<GramKeeping> keeping_of(const KernelSettings& chosen, std::int64_t train_samples,
                                      const StudyContext& context, bool resume) {
  if (!chosen.keeps_matrix(train_samples) && chosen.reused_gram.empty()) return std::nullopt;
  const fs::path folder = context.output_folder;
  GramKeeping keeping;
  keeping.reuse = !chosen.reused_gram.empty();
  keeping.path = keeping.reuse ? chosen.reused_gram : (folder / "gram.h5").string();
  keeping.cross_path = (folder / "cross.h5").string();
  keeping.provenance = provenance_attributes(context.provenance);
  keeping.resume = resume;
  return keeping;
}

/// The last bytes of a Gram matrix's file are a checksum over the checksums of its tiles.
void hold_gram(const StudyContext& context, const std::string& path) {
  BegunFacts facts;
  collectively(context.world, [&] {
    // A file that is not there is named where it is read.
    if (context.world.is_root() && fs::exists(path)) {
      facts = file_fact("[kernel] gram", path, FilePart::end);
    }
  });
  hold_to_beginning(context, facts);
}

WorkControl control_of(const StudyContext& context) {
  return {context.log, [&context] { return context.started.elapsed_s() > context.time_limit_s; }};
}

template <class Real>
Computed compute(const DataOptions& options, const KernelSettings& chosen,
                 const StudyContext& context, bool resume) {
  const Communicator& world = context.world;
  const DataSet<Real> data = load_study_data<Real>(options, context, world, context.log);
  const KernelChoice choice =
      chosen.kernel.fitted(world, Samples<Real>{data.train.all_rows(), data.train.shape()});
  const auto kernel = choice.make<Real>();
  const auto nngp = chosen.regression.ensemble ? choice.nngp().template make<Real>() : nullptr;
  return {kernel_regression<Real>(world, data, *kernel, chosen.regression,
                                  keeping_of(chosen, data.train.size(), context, resume),
                                  control_of(context), nngp.get()),
          kernel->description(), data.description};
}

Computed compute_mixed(const DataOptions& options, const KernelSettings& chosen,
                       const StudyContext& context, bool resume) {
  const Communicator& world = context.world;
  const DataSet<double> data = load_study_data<double>(options, context, world, context.log);
  const DataSet<float> rough = load_study_data<float>(options, context, world, Log::silent());
  const KernelChoice choice =
      chosen.kernel.fitted(world, Samples<double>{data.train.all_rows(), data.train.shape()});
  const auto kernel = choice.make<double>();
  return {mixed_kernel_regression(
              world, rough, *choice.make<float>(), data, *kernel, chosen.regression,
              keeping_of(chosen, data.train.size(), context, resume), control_of(context)),
          kernel->description(), data.description};
}

}  // namespace

KernelSpec read_kernel_spec(const Settings& settings, const StudyHeader& header) {
  const Settings data_table = settings.table("data");
  KernelSpec plan;
  plan.data = data_options(data_table, static_cast<std::uint64_t>(header.seed));
  if (plan.data.placement == Placement::sharded) {
    data_table.fail("placement", "a kernel study needs \"node\": every rank reads all samples");
  }
  plan.chosen = kernel_settings(settings, plan.data.train);
  if (header.team_size != 0) {
    settings.table("study").fail("team_size", "a kernel study always uses all ranks; leave it out");
  }
  return plan;
}

StudyBody prepare_kernel_study(const Settings& settings, const StudyHeader& header,
                               StudyContext& context) {
  const auto [options, chosen] = read_kernel_spec(settings, header);
  return [=, options = options, chosen = chosen, &context](StudyStart start) {
    const bool resume = start == StudyStart::resumed;
    const auto study = fs::path(context.output_folder) / "study.h5";
    std::int64_t complete = 0;
    if (context.world.is_root() && resume && fs::exists(study)) {
      complete = verify_record(context.output_folder).empty() ? 1 : 0;
    }
    context.world.broadcast(std::span<std::int64_t>(&complete, 1));
    if (complete != 0) {
      if (context.world.is_root()) context.log.info(study.string() + " is complete: nothing to do");
      return ExitCode::done;
    }
    if (!chosen.reused_gram.empty()) hold_gram(context, chosen.reused_gram);
    const Computed computed = chosen.precision == Precision::mixed
                                  ? compute_mixed(options, chosen, context, resume)
                              : chosen.precision == Precision::float32
                                  ? compute<float>(options, chosen, context, resume)
                                  : compute<double>(options, chosen, context, resume);
    const KernelResult& result = computed.result;
    if (result.interrupted) {
      if (context.world.is_root()) {
        context.log.info(chosen.keeps_matrix(result.train)
                             ? "stopped; the finished tiles are kept: " + context.how_to_resume()
                             : "stopped; without keep_gram no tiles are kept and it starts anew: " +
                                   context.how_to_resume());
      }
      return ExitCode::checkpointed;
    }
    collectively(context.world, [&] {
      if (!context.world.is_root()) return;
      write_record(study.string(), make_record(computed, chosen, header, context,
                                               recorded_configuration(settings)));
      fmt::print("{}{:<20}{}\n", kernel_table(result, computed.kernel), "record", study.string());
      std::fflush(stdout);
      if (!result.converged) {
        context.log.warn(fmt::format(
            "conjugate gradient stopped after {} iterations at a residual of {:.2e}, above the "
            "tolerance of {:.2e}",
            result.iterations, result.residual, chosen.regression.tolerance));
      }
    });
    return ExitCode::done;
  };
}

}  // namespace thalweg
