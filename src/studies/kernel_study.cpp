#include "studies/kernel_study.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <utility>

#include "data/data_set.hpp"
#include "records/record.hpp"
#include "studies/data_settings.hpp"
#include "studies/kernel_settings.hpp"

namespace thalweg {

namespace {

Record make_record(const KernelResult& result, const KernelSettings& chosen,
                   const StudyHeader& header, const StudyContext& context,
                   const std::string& resolved, const std::string& data) {
  Record record;
  record.attributes = provenance_attributes(context.provenance);
  record.attributes["schema"] = std::string("thalweg/study");
  record.attributes["schema_version"] = std::int64_t{1};
  record.attributes["name"] = header.name;
  record.attributes["kind"] = header.kind;
  record.attributes["seed"] = header.seed;
  record.attributes["team_size"] = context.provenance.mpi_size;
  record.attributes["config"] = context.study_text;
  record.attributes["config_resolved"] = resolved;
  record.attributes["data"] = data;
  record.attributes["kernel"] = chosen.kernel.description();
  record.scalar("/kernel/test_accuracy", result.test_accuracy, "1",
                "fraction of test samples whose largest output is their class");
  record.scalar("/kernel/test_accuracy_error",
                std::sqrt(result.test_accuracy * (1.0 - result.test_accuracy) /
                          static_cast<double>(result.test)),
                "1", "binomial standard error of test_accuracy");
  record.scalar("/kernel/test_loss", result.test_loss, "1",
                "mean over test samples of half the squared distance to one-hot minus 1/classes");
  record.scalar("/kernel/residual", result.residual, "1",
                "Frobenius norm of (K + ridge I) alpha - Y over that of Y, K computed anew");
  record.scalar("/kernel/ridge", result.ridge, "1", "what was added to the diagonal of K");
  record.scalar("/kernel/trace", result.trace, "1", "trace of K");
  record.arrays["/kernel/predictions"] = Array{result.predictions,
                                               {result.test, result.classes},
                                               {"test", "class"},
                                               "1",
                                               "kernel regression of one-hot minus 1/classes"};
  record.column("/kernel/labels", result.labels, "test", "1", "classes of the test samples");
  record.scalar("/timing/assemble_s", result.assemble_s, "s", "Gram matrix, slowest rank");
  record.scalar("/timing/factor_s", result.factor_s, "s", "Cholesky factorisation, slowest rank");
  record.scalar("/timing/solve_s", result.solve_s, "s", "triangular solves, slowest rank");
  record.scalar("/timing/residual_s", result.residual_s, "s", "residual with tiles computed anew");
  record.scalar("/timing/predict_s", result.predict_s, "s", "test predictions, slowest rank");
  if (chosen.keep_gram) record.external_links["/gram"] = "gram.h5";
  return record;
}

void print_table(const KernelResult& result, const KernelSettings& chosen,
                 const std::string& folder) {
  fmt::print("{:<16}{}\n", "kernel", chosen.kernel.description());
  fmt::print("{:<16}{} train, {} test, {} classes\n", "samples", result.train, result.test,
             result.classes);
  fmt::print("{:<16}{:.4f} +- {:.4f}\n", "test accuracy", result.test_accuracy,
             std::sqrt(result.test_accuracy * (1.0 - result.test_accuracy) /
                       static_cast<double>(result.test)));
  fmt::print("{:<16}{:.6g}\n", "test loss", result.test_loss);
  fmt::print("{:<16}{:.3g}\n", "ridge", result.ridge);
  fmt::print("{:<16}{:.3g}\n", "residual", result.residual);
  fmt::print("{:<16}Gram {:.2f}, factor {:.2f}, solve {:.2f}, residual {:.2f}, predict {:.2f}\n",
             "seconds", result.assemble_s, result.factor_s, result.solve_s, result.residual_s,
             result.predict_s);
  fmt::print("{:<16}{}\n", "record", (std::filesystem::path(folder) / "study.h5").string());
  std::fflush(stdout);
}

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
  KernelResult result = kernel_regression<Real>(context.world, data, *chosen.kernel.make<Real>(),
                                                chosen.ridge, keeping, control);
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
      write_record(study.string(), make_record(result, chosen, header, context,
                                               recorded_configuration(settings), data));
      print_table(result, chosen, context.output_folder);
    });
    return ExitCode::done;
  };
}

}  // namespace thalweg
