#include "studies/kernel/kernel_comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "records/record.hpp"
#include "runs/run_settings.hpp"
#include "settings/plain_name.hpp"
#include "studies/kernel/kernel_study.hpp"

namespace thalweg {

namespace {

namespace fs = std::filesystem;

struct Part {
  std::string name;
  StudyContext context;
  StudyBody body;
};

std::string part_name(const Settings& run, std::set<std::string>& taken) {
  std::string name = run.string("name", "");
  if (!is_plain_name(name)) {
    run.fail("name",
             fmt::format(R"(found "{}", expected at most 100 letters, digits, '_', '-' and )"
                         "'.': it names a folder",
                         name));
  }
  if (!taken.insert(name).second) run.fail("name", fmt::format("two runs are called '{}'", name));
  return name;
}

double scalar_of(const Record& record, const std::string& path) {
  return std::get<std::vector<double>>(record.arrays.at(path).values).at(0);
}

Record comparison_record(const std::vector<Part>& parts, const StudyHeader& header,
                         const StudyContext& context, const std::string& resolved) {
  Record record;
  add_study_attributes(record, header, context, resolved);
  std::vector<std::string> names;
  std::vector<std::string> kernels;
  struct Column {
    const char* name;
    std::vector<double> values;
    std::string long_name;
  };
  std::vector<Column> columns{{"test_accuracy", {}, {}}, {"test_accuracy_error", {}, {}},
                              {"test_loss", {}, {}},     {"residual", {}, {}},
                              {"ridge", {}, {}},         {"trace", {}, {}}};
  for (const Part& part : parts) {
    const Record one = read_record((fs::path(part.context.output_folder) / "study.h5").string());
    names.push_back(part.name);
    kernels.push_back(std::get<std::string>(one.attributes.at("kernel")));
    for (Column& column : columns) {
      const std::string path = std::string("/kernel/") + column.name;
      column.values.push_back(scalar_of(one, path));
      column.long_name = one.arrays.at(path).long_name;
    }
    record.external_links["/runs/" + part.name] = "runs/" + part.name + "/study.h5";
  }
  record.column("/summary/run", names, "run", "1", "name of the run, and of its folder");
  record.column("/summary/group", names, "run", "1", "each run is a group of its own");
  record.column("/summary/status", std::vector<std::string>(names.size(), "finished"), "run", "1",
                "finished: only whole runs enter the table");
  record.column("/summary/seed", std::vector<std::int64_t>(names.size(), header.seed), "run", "1",
                "seed of the study");
  record.column("/summary/kernel", kernels, "run", "1", "the kernel with all its numbers");
  for (Column& column : columns) {
    record.column(std::string("/summary/") + column.name, std::move(column.values), "run", "1",
                  column.long_name);
  }
  return record;
}

void print_table(const Record& record, const std::string& file) {
  const auto& names = std::get<std::vector<std::string>>(record.arrays.at("/summary/run").values);
  const auto numbers = [&](const char* name) -> const std::vector<double>& {
    return std::get<std::vector<double>>(record.arrays.at(std::string("/summary/") + name).values);
  };
  std::size_t width = 6;
  for (const auto& name : names) width = std::max(width, name.size());
  fmt::print("\n{:<{}}  test accuracy      test loss   residual\n", "run", width);
  for (std::size_t k = 0; k < names.size(); ++k) {
    fmt::print("{:<{}}  {:.4f} +- {:.4f}  {:>11.5g}  {:>9.2g}\n", names[k], width,
               numbers("test_accuracy")[k], numbers("test_accuracy_error")[k],
               numbers("test_loss")[k], numbers("residual")[k]);
  }
  fmt::print("record  {}\n", file);
  std::fflush(stdout);
}

}  // namespace

std::vector<std::pair<std::string, Settings>> compared_kernels(const Settings& settings) {
  std::vector<std::pair<std::string, Settings>> runs;
  std::set<std::string> taken;
  for (const Settings& run : settings.tables("run")) {
    runs.emplace_back(part_name(run, taken), settings.with(run));
  }
  return runs;
}

StudyBody prepare_kernel_comparison(const Settings& settings, const StudyHeader& header,
                                    StudyContext& context) {
  const auto runs = compared_kernels(settings);
  // The parts keep contexts of their own; their bodies refer to them, so they stay in place.
  auto parts = std::make_shared<std::vector<Part>>();
  parts->reserve(runs.size());
  for (const auto& [name, merged] : runs) {
    parts->push_back({name, context, {}});
    Part& part = parts->back();
    part.context.output_folder = (fs::path(context.output_folder) / "runs" / name).string();
    part.body = prepare_kernel_study(merged, header, part.context);
  }
  return [parts, settings, header, &context](StudyStart start) {
    for (Part& part : *parts) {
      if (context.world.is_root()) context.log.info("kernel '" + part.name + "'");
      part.context.provenance = context.provenance;
      const ExitCode code = part.body(start);
      if (code != ExitCode::done) return code;
    }
    collectively(context.world, [&] {
      if (!context.world.is_root()) return;
      const std::string file = (fs::path(context.output_folder) / "study.h5").string();
      const Record record =
          comparison_record(*parts, header, context, recorded_configuration(settings));
      write_record(file, record);
      print_table(record, file);
    });
    return ExitCode::done;
  };
}

}  // namespace thalweg
