#pragma once

#include <string>
#include <vector>

#include "landscape/point_values.hpp"
#include "models/layer.hpp"

namespace thalweg {

/// A surface as plotting scripts of loss surfaces want it.
struct SurfaceExport {
  std::vector<double> x;
  std::vector<double> y;  ///< empty: a line
  const PointValues& values;
  const std::vector<ParameterBlock>& blocks;
  const std::vector<std::vector<double>>& directions;
};

/// Writes DIR/surfaces/NAME.h5 with the names that the scripts of Li et al. (2018) and their kin
/// read: xcoordinates, ycoordinates, train_loss, train_acc, test_loss, test_acc (percent; rows
/// along y, as numpy.meshgrid and matplotlib's contour have them) and dir_file, the name of
/// NAME_directions.h5 beside it, whose groups xdirection and ydirection hold a tensor a parameter
/// block, numbered from 0. Local. Throws Error.
void write_surface_files(const StudyContext& context, const std::string& name,
                         const SurfaceExport& surface);

}  // namespace thalweg
