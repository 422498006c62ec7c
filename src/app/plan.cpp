#include <fmt/format.h>
#include <mpi.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "app/command_line.hpp"
#include "app/plan_json.hpp"
#include "base/blas_setup.hpp"
#include "base/terminal.hpp"
#include "planning/job_script.hpp"
#include "planning/plan_timing.hpp"
#include "planning/study_plan.hpp"

namespace thalweg {

namespace {

struct PlanOptions {
  std::vector<std::string> studies;
  std::vector<std::string> overrides;
  std::int64_t ranks = 0;
  std::string site;
  double calibrate_s = 60.0;
  bool json = false;
  bool sbatch = false;
  std::string job;
};

/// A folder of this process's, removed with what is in it.
class ScratchFolder {
 public:
  explicit ScratchFolder(int rank)
      : path_(std::filesystem::temp_directory_path() /
              fmt::format("thalweg-plan-{}-{}", getpid(), rank)) {
    std::filesystem::create_directories(path_);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

Site site_of(const Session& session, const PlanOptions& options) {
  Site site;
  if (options.site.empty()) return site;
  std::string text;
  collectively(session.world, [&] {
    if (session.world.is_root()) text = read_text_file(options.site);
  });
  text = session.world.broadcast(text);
  collectively(session.world, [&] { site = read_site(text, options.site); });
  return site;
}

StudyPlan plan_one(const Session& session, const PlanOptions& options, const Site& site,
                   const std::string& file, const Provenance& provenance, double launch_s) {
  std::string text;
  collectively(session.world, [&] {
    if (session.world.is_root()) text = read_text_file(file);
  });
  text = session.world.broadcast(text);
  std::unique_ptr<Settings> settings;
  collectively(session.world, [&] {
    settings = std::make_unique<Settings>(Settings::parse(text, file, options.overrides));
  });
  StudyContext context{.world = session.world,
                       .log = session.log,
                       .provenance = provenance,
                       .study_file = file,
                       .study_text = text,
                       .output_folder = {},
                       .started = Stopwatch()};
  const Communicator self = Communicator::duplicate(MPI_COMM_SELF);
  const ScratchFolder scratch(session.world.rank());
  PlanRequest request{.self = self,
                      .context = context,
                      .ranks = options.ranks > 0 ? options.ranks : session.world.size(),
                      .budget_s = options.calibrate_s,
                      .launch_s = launch_s,
                      .network = {},
                      .scratch = scratch.path(),
                      .watch = Stopwatch()};
  return plan_study(*settings, request, site);
}

/// The commands of a job: by the site's own script, beside the site file.
std::string job_commands(const PlanOptions& options) {
  const auto beside = std::filesystem::path(options.site).parent_path() / "study.sbatch";
  return read_text_file(options.job.empty() ? beside.string() : options.job);
}

std::string job_text(const PlanOptions& options, const Site& site, const StudyPlan& plan) {
  std::vector<std::string> arguments;
  for (const auto& setting : options.overrides) {
    arguments.emplace_back("--set");
    arguments.push_back(setting);
  }
  return job_script(plan, site, job_size(plan, site),
                    std::filesystem::absolute(options.site).lexically_normal().string(),
                    job_commands(options), arguments);
}

void check_sbatch(const PlanOptions& options) {
  if (!options.sbatch) return;
  if (options.site.empty()) {
    throw ConfigurationError("--sbatch needs --site, such as --site jobs/site.conf");
  }
  if (options.studies.size() > 1) {
    throw ConfigurationError(
        fmt::format("--sbatch: found {} studies, expected one", options.studies.size()));
  }
  static_cast<void>(job_commands(options));
}

ExitCode plan(const Session& session, const PlanOptions& options) {
  const double launch_s = seconds_since_launch();
  // A range lets "nan" through.
  if (!std::isfinite(options.calibrate_s)) {
    throw ConfigurationError("--calibrate: expected a number of seconds from 1 to 3600");
  }
  const std::string slow = blas_core_warning(session.environment.get("OPENBLAS_CORETYPE"));
  if (!slow.empty()) session.log.warn(slow);
  const Provenance provenance = make_provenance(session);
  const Site site = site_of(session, options);
  collectively(session.world, [&] {
    if (session.world.is_root()) check_sbatch(options);
  });
  std::vector<StudyPlan> plans;
  for (const auto& file : options.studies) {
    plans.push_back(plan_one(session, options, site, file, provenance, launch_s));
  }
  return on_root(session.world, [&] {
    if (options.sbatch) {
      std::fputs(job_text(options, site, plans.front()).c_str(), stdout);
    } else if (options.json) {
      std::fputs(plan_json(plans).c_str(), stdout);
    } else {
      for (const auto& one : plans) {
        std::fputs(wrapped(plan_text(one), text_columns(session)).c_str(), stdout);
      }
    }
    std::fflush(stdout);
    return ExitCode::done;
  });
}

}  // namespace

void add_plan(CLI::App& app, const Session& session, Action& action) {
  auto options = std::make_shared<PlanOptions>();
  CLI::App* command = app.add_subcommand(
      "plan", "Predict time, memory, disk and scaling of studies from a short calibration");
  command->add_option("STUDY.toml", options->studies, "Study files")->required();
  command
      ->add_option(
          "--ranks", options->ranks,
          "Ranks that the study is to run on, one a core (default: as many as plan itself)")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 20));
  command->add_option("--set", options->overrides, "A setting over the file's, a.b=value")
      ->allow_extra_args(false);
  command->add_option("--site", options->site,
                      "The cluster: a file such as jobs/site.conf (default: its defaults)");
  command
      ->add_option("--calibrate", options->calibrate_s,
                   "Seconds for trials of training and probes (60)")
      ->check(CLI::Range(1.0, 3600.0));
  auto* json = command->add_flag("--json", options->json, "All numbers, for programs");
  auto* sbatch = command->add_flag("--sbatch", options->sbatch,
                                   "Print a job script in place of the tables: the site's options, "
                                   "time and memory with margins");
  sbatch->excludes(json);
  command
      ->add_option("--job", options->job,
                   "The script whose commands --sbatch takes over (default study.sbatch beside "
                   "the site file)")
      ->needs(sbatch);
  command->footer(
      "Examples:\n"
      "  thalweg plan study.toml --ranks 64 --site jobs/site.conf\n"
      "  thalweg plan study.toml --ranks 64 --site jobs/site.conf --sbatch > study.job\n"
      "  mpirun -n 2 thalweg plan study.toml --ranks 2     measures on two ranks side by side");
  command->callback([&session, &action, options] {
    action = [&session, options] { return plan(session, *options); };
  });
}

}  // namespace thalweg
