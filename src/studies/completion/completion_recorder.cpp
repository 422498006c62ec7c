#include "studies/completion/completion_recorder.hpp"

#include <fmt/format.h>

#include <utility>

#include "records/checkpoint.hpp"
#include "records/masked_column.hpp"
#include "records/schema.hpp"
#include "studies/completion/spectral_theory.hpp"

namespace thalweg {

namespace {

const char* type_name(MethodType type) {
  switch (type) {
    case MethodType::factorization:
      return "factorization";
    case MethodType::end_to_end:
      return "end_to_end";
    case MethodType::nuclear_norm:
      return "nuclear_norm";
    case MethodType::als:
      return "als";
    case MethodType::mean:
      return "mean";
  }
  return "";
}

void describe(const MethodSpec& method, Attributes& attributes) {
  attributes["method"] = type_name(method.type);
  if (method.is_trajectory()) {
    attributes["depth"] = static_cast<std::int64_t>(method.depth);
    attributes["scale"] = method.scale;
    attributes["optimizer"] = method.is_flow ? "flow" : method.optimizer.type;
    if (!method.is_flow) attributes["learning_rate"] = method.learning_rate;
  }
  if (method.type == MethodType::als) {
    attributes["rank"] = method.als.rank;
    attributes["ridge"] = method.als.ridge;
  }
}

}  // namespace

CompletionRecorder::CompletionRecorder(const CompletionTask& task)
    : task_(task),
      measure_(task.plan, task.method, task.problem),
      rows_(measure_.groups(), task.problem.rows, task.problem.columns),
      checkpoints_(task.plan.checkpoint_every_s) {}

void CompletionRecorder::add(MatrixRow row, const std::vector<double>& matrix) {
  measure_.measure(matrix, row);
  row.elapsed_s = elapsed_s();
  rows_.add(std::move(row));
}

CompletionRecorder::Next CompletionRecorder::next() const {
  std::int64_t mine = 0;
  if (task_.team.is_root() && checkpoints_.is_due()) mine = 1;
  if (task_.context.time_to_stop()) mine = 2;
  return static_cast<Next>(task_.team.max(mine));
}

void CompletionRecorder::save(const std::function<void(Record&)>& add) {
  checkpoints_.time([&] {
    collectively(task_.team, [&] {
      if (!is_root()) return;
      Record checkpoint;
      checkpoint.attributes["schema"] = "thalweg/checkpoint";
      checkpoint.attributes["elapsed_s"] = elapsed_s();
      rows_.write(checkpoint);
      probes_.write_to(checkpoint);
      add(checkpoint);
      write_checkpoint(task_.files.checkpoint, checkpoint);
    });
  });
}

bool CompletionRecorder::resume(const std::function<void(const Record&)>& read) {
  bool found = false;
  collectively(task_.team, [&] {
    if (!is_root() || !task_.context.resume) return;
    const auto checkpoint = resume_checkpoint(task_.files.checkpoint, task_.log);
    if (!checkpoint) return;
    earlier_s_ = std::get<double>(checkpoint->attributes.at("elapsed_s"));
    rows_.read(*checkpoint);
    probes_.read_from(*checkpoint);
    read(*checkpoint);
    found = true;
  });
  return task_.team.any(found);
}

void CompletionRecorder::write_theory(Record& record) const {
  const auto theory = SpectralTheory::of(task_.plan, task_.method, task_.problem);
  if (!theory) return;
  std::vector<double> times;
  std::vector<std::int64_t> steps;
  for (const auto& row : rows_.rows()) {
    times.push_back(row.time);
    steps.push_back(row.step);
  }
  const auto kept = static_cast<std::int64_t>(rows_.rows().front().singular_values.size());
  record.column("/theory/step", steps, "step", "step", "as of /trajectory");
  record.arrays["/theory/singular_values"] =
      Array{theory->at(times, kept),
            {static_cast<std::int64_t>(times.size()), kept},
            {"step", "index"},
            "1",
            "of the flow of balanced factors that share the matrix's singular vectors"};
}

void CompletionRecorder::write_probes(Record& record, const std::string& status) const {
  probes_.write_to(record);
  if (status == kDiverged) return;
  for (const auto& plan : task_.plan.probes.at(task_.run.instance)) {
    auto& attributes = record.group_attributes["/probes/" + plan.named.name];
    attributes["samples"] = task_.problem.observations();
    if (plan.named.draw_seed) {
      attributes["draw_seed"] = static_cast<std::int64_t>(*plan.named.draw_seed);
    }
    for (const auto& [name, value] : plan.named.probe->attributes()) attributes[name] = value;
  }
}

void CompletionRecorder::finish(const std::string& status, const std::vector<double>& matrix,
                                const std::function<void(Record&)>& add) {
  collectively(task_.team, [&] {
    if (!is_root()) return;
    Record record;
    record.attributes = provenance_attributes(task_.context.provenance);
    record.attributes["schema"] = kRunSchema;
    record.attributes["schema_version"] = kSchemaVersion;
    record.attributes["name"] = task_.run.name;
    record.attributes["group"] = task_.run.group;
    record.attributes["seed"] = task_.run.instance;
    record.attributes["instance"] = task_.run.instance;
    record.attributes["observations"] = task_.problem.observations();
    record.attributes["status"] = status;
    record.attributes["team_size"] = std::int64_t{task_.team.size()};
    record.attributes["data"] = task_.problem.description;
    record.attributes["data_hash"] = fmt::format("{:016x}", task_.problem.hash);
    describe(task_.method, record.attributes);
    rows_.write(record);
    if (task_.method.type == MethodType::factorization) write_probes(record, status);
    if (status != kDiverged) {
      measure_.write_vectors(matrix, record);
      write_theory(record);
    }
    add(record);
    if (status != kDiverged) {
      for (const char* group : {"/trajectory/", "/spectrum/", "/theory/"}) {
        mask_missing(record, group);
      }
    }
    write_record(task_.files.record, record);
    remove_checkpoint(task_.files.checkpoint);
    const MatrixRow& last = rows_.rows().back();
    std::string text = fmt::format("{}: {} after {} steps, train loss {:.4g}", task_.run.name,
                                   status, last.step, last.train_loss);
    if (rows_.has(kTest)) text += fmt::format(", test loss {:.4g}", last.test_loss);
    if (rows_.has(kBounds)) text += fmt::format(", gap {:.2g}", last.gap);
    task_.log.info(
        fmt::format("{}, effective rank {:.3g}, {:.1f} s", text, last.effective_rank, elapsed_s()));
  });
}

}  // namespace thalweg
