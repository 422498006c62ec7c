#include "studies/trajectories/stored_probes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <set>

#include "optimizers/stepper.hpp"
#include "probes/probe_rows.hpp"
#include "records/record_file.hpp"
#include "records/schema.hpp"
#include "runs/asked_probe.hpp"
#include "runs/deal_out.hpp"
#include "runs/machine_guard.hpp"
#include "runs/recorded_study.hpp"
#include "runs/run_check.hpp"
#include "runs/run_network.hpp"
#include "runs/run_probes.hpp"

namespace thalweg {

namespace {

/// A run with the probes asked for, and the steps of its points that are measured, ascending.
struct Target {
  RunSpec plan;
  std::vector<AskedProbe> specs;
  std::vector<std::int64_t> steps;
  std::string start_hash;
};

/// Does a file hold this probe's answer about these points already? Local.
bool answers(const RecordFile& file, const Target& target, const AskedProbe& spec,
             const std::string& data_hash) {
  const auto says = [&](const char* name, const std::string& text) {
    const auto found = file.attributes().find(name);
    return found != file.attributes().end() && found->second == AttributeValue(text);
  };
  const std::string axis = fmt::format("/probes/{}/step", spec.plan.name);
  return says("probe_settings", spec.settings) && says("data_hash", data_hash) &&
         file.arrays().contains(axis) && file.read(axis).values == ArrayValues(target.steps);
}

template <class Real>
class StoredProbes {
 public:
  StoredProbes(const RecordedStudy& study, const std::vector<Target>& targets,
               const StudyContext& context)
      : study_(study),
        targets_(targets),
        context_(context),
        teams_(context.world, 0, targets.size()),
        log_(teams_.mine().is_root(), context.log.terminal() && context.world.is_root()),
        data_(load_recorded_data<Real>(study, context.world, teams_.mine())) {}

  ExitCode run() {
    const Communicator& world = context_.world;
    collectively(world, [&] {
      for (const auto& target : targets_) check(target);
    });
    const auto kept = files_kept();
    std::vector<DealtRun> work;
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      const Target& target = targets_[i];
      work.push_back(
          {target.plan.name, static_cast<double>(target.steps.size()), [this, &target, &kept, i] {
             const std::size_t count = target.specs.size();
             return measure(target, std::span(kept).subspan(i * count, count));
           }});
    }
    const Dealt dealt = deal_out(teams_, context_.output_folder, work, log_);
    if (dealt.interrupted) {
      if (world.is_root())
        context_.log.info("interrupted, what is measured is kept: " + context_.how_to_resume());
      return ExitCode::checkpointed;
    }
    if (world.is_root()) {
      for (const auto& target : targets_) {
        const auto& failed = dealt.failed;
        if (std::count(failed.begin(), failed.end(), target.plan.name) > 0) continue;
        for (const auto& spec : target.specs) fmt::print("{}\n", file_of(target, spec));
      }
      std::fflush(stdout);
    }
    return dealt.failed.empty() ? ExitCode::done : ExitCode::failed;
  }

 private:
  std::string file_of(const Target& target, const AskedProbe& spec) const {
    return fmt::format("{}/{}-{}.h5", context_.output_folder, target.plan.name, spec.plan.name);
  }

  /// Local. Throws ConfigurationError where a probe makes no sense on the run.
  void check(const Target& target) const {
    const RunSpec& plan = target.plan;
    RunSpec asked = plan;
    asked.probes.clear();
    for (const auto& spec : target.specs) asked.probes.push_back(spec.plan);
    for (const auto& probe : asked.probes) {
      if (mixes_what_it_needs_separate(asked, probe)) {
        throw ConfigurationError(
            fmt::format("run {}: probe '{}' needs outputs that do not depend on the other samples "
                        "of a batch: statistics=frozen",
                        plan.name, probe.name));
      }
      if (probe.probe->needs_preconditioner() && has_preconditioner(plan)) {
        throw ConfigurationError(
            fmt::format("run {}: probe '{}' needs what {} divides by, which is not stored with a "
                        "point; make it a [[probe]] of the study",
                        plan.name, probe.name, plan.optimizer.type));
      }
    }
    check_run(asked, data_);
  }

  bool has_preconditioner(const RunSpec& plan) const {
    const VectorSpace space(teams_.mine(), 1);
    return Stepper<double>(space, {}, plan.optimizer).preconditioner_slice().has_value();
  }

  /// For every run and probe whether its file is there and stays. Collective.
  std::vector<std::uint8_t> files_kept() const {
    const Communicator& world = context_.world;
    const std::size_t count = targets_.front().specs.size();
    std::vector<std::uint8_t> kept(targets_.size() * count, 0);
    collectively(world, [&] {
      if (!world.is_root()) return;
      std::set<std::string> names;
      for (std::size_t i = 0; i < kept.size(); ++i) {
        const Target& target = targets_[i / count];
        const AskedProbe& spec = target.specs[i % count];
        const auto file = file_of(target, spec);
        if (!names.insert(file).second) {
          throw ConfigurationError(file +
                                   ": would be the file of two probes; name= gives another name");
        }
        kept[i] = stays(file, target, spec) ? 1 : 0;
      }
    });
    world.broadcast(std::span(kept));
    return kept;
  }

  bool stays(const std::string& path, const Target& target, const AskedProbe& spec) const {
    if (context_.force || !std::filesystem::exists(path)) return false;
    if (!context_.resume) {
      throw ConfigurationError(
          path +
          ": is there already; name= in --probe gives the new one another name, --resume "
          "keeps what was measured alike, --force replaces it");
    }
    if (!answers(RecordFile(path), target, spec, study_.data_hash)) {
      throw ConfigurationError(
          path +
          ": was measured with other settings or at other points; name= in --probe gives "
          "the new one another name, --force replaces it");
    }
    return true;
  }

  /// Collective over the team that takes the run.
  RunOutcome measure(const Target& target, std::span<const std::uint8_t> kept) {
    const Communicator& team = teams_.mine();
    const auto objective = make_network_loss(team, target.plan, data_);
    RunProbes<Real> probes(*objective, target.plan);
    const auto start = initial_point(target.plan, *objective);
    collectively(team, [&] {
      if (point_hash(std::span<const Real>(start), objective->network().buffers()) ==
          target.start_hash) {
        return;
      }
      throw ConfigurationError(fmt::format(
          "run {}: began at other parameters than those it would be given now", target.plan.name));
    });
    const Schedule schedule = schedule_of(target.plan, data_.train.size());
    const auto initial_statistics = objective->network().buffers();
    for (std::size_t k = 0; k < target.specs.size(); ++k) {
      if (kept[k] != 0) continue;
      const ProbeSpec& probe = target.specs[k].plan;
      ProbeRows rows;
      objective->network().set_buffers(initial_statistics);
      probes.begin(std::span(&probe, 1), start);
      for (const auto step : target.steps) {
        if (team.any(context_.time_to_stop())) return RunOutcome::interrupted;
        log_.info(fmt::format("{}: probe {} at step {}", target.plan.name, probe.name, step));
        const auto point = read_point<Real>(team, study_.folder, target.plan.name, step);
        objective->network().set_buffers(point.statistics);
        rows.add(probe.name, step,
                 probes.measure(probe, std::span<const Real>(point.parameters),
                                training_state(target.plan.optimizer, schedule, step)));
      }
      collectively(team, [&] {
        if (team.is_root()) write(target, target.specs[k], rows, probes);
      });
    }
    return RunOutcome::done;
  }

  void write(const Target& target, const AskedProbe& spec, const ProbeRows& rows,
             const RunProbes<Real>& probes) const {
    Record record;
    record.attributes = provenance_attributes(context_.provenance);
    record.attributes["schema"] = kProbeSchema;
    record.attributes["schema_version"] = kSchemaVersion;
    record.attributes["study"] = study_.header.name;
    record.attributes["run"] = target.plan.name;
    record.attributes["group"] = target.plan.group;
    record.attributes["seed"] = static_cast<std::int64_t>(target.plan.seed);
    record.attributes["probe"] = spec.plan.name;
    record.attributes["probe_settings"] = spec.settings;
    record.attributes["team_size"] = std::int64_t{teams_.mine().size()};
    record.attributes["data"] = data_.description;
    record.attributes["data_hash"] = study_.data_hash;
    rows.write_to(record);
    probes.describe(spec.plan, record);
    write_record(file_of(target, spec), record);
  }

  const RecordedStudy& study_;
  const std::vector<Target>& targets_;
  const StudyContext& context_;
  Teams teams_;
  Log log_;
  DataSet<Real> data_;
};

std::vector<AskedProbe> read_specs(const ProbeRequest& request, const RecordedStudy& study,
                                   const RunSpec& run) {
  std::vector<AskedProbe> specs;
  std::set<std::string> names;
  for (const auto& text : request.probes) {
    specs.push_back(
        read_asked_probe(text, {static_cast<std::uint64_t>(study.header.seed), run.seed}));
    if (!names.insert(specs.back().plan.name).second) {
      throw ConfigurationError(
          fmt::format("--probe {}: two probes are called '{}'; name= gives another name", text,
                      specs.back().plan.name));
    }
  }
  return specs;
}

/// The runs asked for, in the study's order, without their points.
std::vector<Target> runs_of(const ProbeRequest& request, const RecordedStudy& study) {
  for (const auto& name : request.runs) static_cast<void>(study.run(name));
  std::vector<Target> targets;
  for (const auto& plan : study.runs) {
    const auto& asked = request.runs;
    if (asked.empty() || std::count(asked.begin(), asked.end(), plan.name) > 0) {
      targets.push_back({plan, read_specs(request, study, plan), {}, {}});
    }
  }
  return targets;
}

/// On the root: finds the points of the targets; runs that diverged get none.
void find_points(const ProbeRequest& request, const RecordedStudy& study,
                 std::vector<Target>& targets, const Log& log) {
  for (auto& target : targets) {
    const auto points = stored_points(study.folder, target.plan.name);
    target.start_hash = points.start_hash;
    if (points.status != kDiverged) {
      target.steps = chosen_steps(request.at, target.plan.name, points);
    } else if (request.runs.empty()) {
      log.warn(fmt::format("run {} diverged: left out", target.plan.name));
    } else {
      throw ConfigurationError(
          fmt::format("run {} diverged: its parameters are no numbers", target.plan.name));
    }
  }
}

/// Tells all ranks what the root found, and leaves targets without points out.
void share_points(const Communicator& world, std::vector<Target>& targets) {
  for (auto& target : targets) {
    target.start_hash = world.broadcast(target.start_hash);
    auto count = static_cast<std::int64_t>(target.steps.size());
    world.broadcast(std::span(&count, 1));
    target.steps.resize(static_cast<std::size_t>(count));
    world.broadcast(std::span(target.steps));
  }
  std::erase_if(targets, [](const Target& target) { return target.steps.empty(); });
}

}  // namespace

ExitCode probe_record(const ProbeRequest& request, StudyContext& context) {
  const Communicator& world = context.world;
  gather_machines(context);
  const auto study = open_recorded_study(world, request.folder);
  if (context.output_folder.empty()) context.output_folder = study.folder + "/probes";
  std::vector<Target> targets;
  collectively(world, [&] {
    targets = runs_of(request, study);
    if (world.is_root()) find_points(request, study, targets, context.log);
  });
  share_points(world, targets);
  collectively(world, [&] {
    if (targets.empty()) throw ConfigurationError(study.folder + ": every run diverged");
  });
  return study.wide ? StoredProbes<double>(study, targets, context).run()
                    : StoredProbes<float>(study, targets, context).run();
}

}  // namespace thalweg
