#include "landscape/surface_export.hpp"

#include <fmt/format.h>

#include "records/masked_column.hpp"
#include "records/record.hpp"
#include "records/schema.hpp"

namespace thalweg {

namespace {

std::vector<double> percent(std::vector<double> shares) {
  for (auto& share : shares) share *= 100.0;
  return shares;
}

void add_direction(Record& record, const std::string& group, const SurfaceExport& surface,
                   const std::vector<double>& direction) {
  for (std::size_t b = 0; b < surface.blocks.size(); ++b) {
    const auto& block = surface.blocks[b];
    const auto begin = direction.begin() + block.offset;
    std::vector<std::string> dimensions;
    for (std::size_t axis = 0; axis < block.shape.size(); ++axis) {
      dimensions.push_back(fmt::format("{}_{}", block.name, axis));
    }
    record.arrays[fmt::format("{}/{}", group, b)] =
        Array{std::vector<double>(begin, begin + block.count()), block.shape, dimensions, "1",
              block.name};
  }
}

}  // namespace

void write_surface_files(const StudyContext& context, const std::string& name,
                         const SurfaceExport& surface) {
  const std::string direction_file = name + "_directions.h5";
  const std::string folder = context.output_folder + "/surfaces";
  Record directions;
  directions.attributes = provenance_attributes(context.provenance);
  directions.attributes["schema"] = kDirectionsSchema;
  directions.attributes["schema_version"] = kSchemaVersion;
  add_direction(directions, "/xdirection", surface, surface.directions.front());
  if (surface.directions.size() > 1) {
    add_direction(directions, "/ydirection", surface, surface.directions.back());
  }
  write_record(folder + "/" + direction_file, directions);

  Record record;
  record.attributes = provenance_attributes(context.provenance);
  record.attributes["schema"] = kSurfaceSchema;
  record.attributes["schema_version"] = kSchemaVersion;
  const auto nx = static_cast<std::int64_t>(surface.x.size());
  const auto ny = static_cast<std::int64_t>(surface.y.size());
  const bool line = surface.y.empty();
  const std::vector<std::int64_t> shape = line ? std::vector{nx} : std::vector{ny, nx};
  const std::vector<std::string> dimensions =
      line ? std::vector<std::string>{"xcoordinates"}
           : std::vector<std::string>{"ycoordinates", "xcoordinates"};
  const auto add = [&](const char* column, const std::vector<double>& values, const char* units) {
    record.arrays[std::string("/") + column] = Array{values, shape, dimensions, units, column};
  };
  record.column("/xcoordinates", surface.x, "xcoordinates", "1", "x");
  if (!line) record.column("/ycoordinates", surface.y, "ycoordinates", "1", "y");
  add("train_loss", surface.values.train_loss, "1");
  add("train_acc", percent(surface.values.train_accuracy), "percent");
  add("test_loss", surface.values.test_loss, "1");
  add("test_acc", percent(surface.values.test_accuracy), "percent");
  mask_missing(record, "/");
  record.arrays["/dir_file"] =
      Array{std::vector<std::string>{direction_file}, {}, {}, "1", "file of the directions"};
  write_record(folder + "/" + name + ".h5", record);
}

}  // namespace thalweg
