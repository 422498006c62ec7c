#include "kernels/gram_layout.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <hdf5.h>
#include <hdf5_hl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <numeric>

#include "base/error.hpp"
#include "records/file_seal.hpp"
#include "records/hdf5_attribute.hpp"
#include "records/hdf5_dataset.hpp"
#include "records/hdf5_handle.hpp"

namespace thalweg {

namespace {

using hdf5::check;
using hdf5::Handle;

std::string hexadecimal(std::uint64_t value) {
  return fmt::format("{:016x}", value);
}

/// The datasets of a new file take their space at once and are not filled: tiles are written past
/// HDF5.
Handle allocated_early(const std::string& file, H5D_fill_time_t fill) {
  Handle list(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, file, "H5Pcreate");
  check(H5Pset_alloc_time(list.id(), H5D_ALLOC_TIME_EARLY), file, "H5Pset_alloc_time");
  check(H5Pset_fill_time(list.id(), fill), file, "H5Pset_fill_time");
  return list;
}

void describe(const Handle& dataset, const std::string& units, const std::string& long_name,
              const std::string& file) {
  hdf5::write_attribute(dataset.id(), "units", units, file);
  hdf5::write_attribute(dataset.id(), "long_name", long_name, file);
}

struct Axis {
  const char* name;
  std::int64_t size;
};

/// Datasets 0, 1, 2, … that label both axes of a matrix.
void label_axes(hid_t file_id, const Handle& dataset, const std::array<Axis, 2>& axes,
                const std::string& file) {
  for (unsigned axis = 0; axis < 2; ++axis) {
    const std::string name = axes[axis].name;
    const std::int64_t size = axes[axis].size;
    std::vector<std::int64_t> numbers(static_cast<std::size_t>(size));
    std::iota(numbers.begin(), numbers.end(), std::int64_t{0});
    const Array array{numbers, {size}, {name}, "1", name + " of the matrix, from 0"};
    Handle scale;
    if (H5Lexists(file_id, name.c_str(), H5P_DEFAULT) > 0) {
      scale =
          Handle(H5Dopen2(file_id, name.c_str(), H5P_DEFAULT), H5Dclose, file, "opening a scale");
    } else {
      scale = hdf5::write_dataset(file_id, "/" + name, array, file);
      check(H5DSset_scale(scale.id(), name.c_str()), file, "H5DSset_scale");
    }
    check(H5DSattach_scale(dataset.id(), scale.id(), axis), file, "H5DSattach_scale");
  }
}

/// Reserves the space of the tiles that will be written. A full disk shows itself here, not in a
/// later write whose failure could go unseen.
void reserve_space(const std::string& file, const GramFileLayout& layout, std::int64_t tile_bytes) {
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor < 0) throw Error(fmt::format("{}: {}", file, std::strerror(errno)));
  std::int64_t tiles = 0;
  int failure = 0;
  for (const std::int64_t offset : layout.tile_offsets) {
    if (offset == 0) continue;
    ++tiles;
    if (failure == 0) failure = ::posix_fallocate(descriptor, offset, tile_bytes);
  }
  if (failure == 0 && ::fsync(descriptor) != 0) failure = errno;
  ::close(descriptor);
  if (failure != 0) {
    std::filesystem::remove(file);
    throw Error(
        fmt::format("{}: cannot reserve {} bytes for the Gram matrix: {}; keep_gram = false "
                    "does without the file",
                    file, tiles * tile_bytes, std::strerror(failure)));
  }
}

std::int64_t tile_bytes(const GramIdentity& identity) {
  return identity.block * identity.block * identity.element_bytes;
}

/// The tiles have checksums of their own, strip by strip.
std::vector<UnsealedRange> tile_ranges(const GramFileLayout& layout, const GramIdentity& identity) {
  std::vector<UnsealedRange> ranges;
  for (const std::int64_t offset : layout.tile_offsets) {
    if (offset != 0) ranges.push_back({offset, tile_bytes(identity)});
  }
  return ranges;
}

std::string differences(const Attributes& found, const GramIdentity& wanted) {
  std::string text;
  const auto compare = [&](const char* name, const AttributeValue& expected) {
    const auto at = found.find(name);
    if (at != found.end() && at->second == expected) return;
    const auto show = [](const AttributeValue& value) {
      if (const auto* s = std::get_if<std::string>(&value)) return "\"" + *s + "\"";
      if (const auto* i = std::get_if<std::int64_t>(&value)) return fmt::format("{}", *i);
      return std::string("another type");
    };
    text += fmt::format("{}{} is {}, the study asks for {}", text.empty() ? "" : "; ", name,
                        at == found.end() ? "absent" : show(at->second), show(expected));
  };
  compare("kernel", wanted.kernel);
  compare("data_hash", hexadecimal(wanted.data_hash));
  compare("rows", wanted.rows);
  compare("columns", wanted.columns);
  compare("symmetric", wanted.symmetric ? std::int64_t{1} : std::int64_t{0});
  compare("block", wanted.block);
  compare("strips", wanted.strips);
  compare("element_bytes", wanted.element_bytes);
  return text;
}

std::int64_t offset_of(const Handle& dataset, const std::string& file) {
  const haddr_t offset = H5Dget_offset(dataset.id());
  if (offset == HADDR_UNDEF) throw Error(file + ": a dataset has no place in the file");
  return static_cast<std::int64_t>(offset);
}

}  // namespace

void create_gram_file(const std::string& file, const GramIdentity& identity,
                      const Attributes& provenance) {
  const auto folder = std::filesystem::path(file).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder);
  const hdf5::QuietErrors quiet;
  {
    Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, file, "H5Pcreate");
    // Tiles start on pages, so that no two ranks write into one page.
    constexpr std::int64_t page = 4096;
    const auto smallest = static_cast<hsize_t>(std::min(page, tile_bytes(identity)));
    check(H5Pset_alignment(access.id(), smallest, page), file, "H5Pset_alignment");
    Handle out(H5Fcreate(file.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.id()), H5Fclose, file,
               "creating the file");
    for (const auto& [name, value] : provenance) hdf5::write_attribute(out.id(), name, value, file);
    hdf5::write_attribute(out.id(), "schema", std::string("thalweg/gram"), file);
    hdf5::write_attribute(out.id(), "schema_version", std::int64_t{1}, file);
    hdf5::write_attribute(out.id(), "kernel", identity.kernel, file);
    hdf5::write_attribute(out.id(), "data_hash", hexadecimal(identity.data_hash), file);
    hdf5::write_attribute(out.id(), "rows", identity.rows, file);
    hdf5::write_attribute(out.id(), "columns", identity.columns, file);
    hdf5::write_attribute(out.id(), "symmetric", std::int64_t{identity.symmetric ? 1 : 0}, file);
    hdf5::write_attribute(out.id(), "block", identity.block, file);
    hdf5::write_attribute(out.id(), "strips", identity.strips, file);
    hdf5::write_attribute(out.id(), "element_bytes", identity.element_bytes, file);

    const auto b = static_cast<hsize_t>(identity.block);
    const auto row_panels = static_cast<hsize_t>(identity.row_panels());
    const auto column_panels = static_cast<hsize_t>(identity.column_panels());
    // A chunk may not exceed the greatest extent, so that is in whole tiles.
    const std::array<hsize_t, 2> extent{static_cast<hsize_t>(identity.columns),
                                        static_cast<hsize_t>(identity.rows)};
    const std::array<hsize_t, 2> greatest{column_panels * b, row_panels * b};
    const std::array<hsize_t, 2> chunk{b, b};
    Handle list = allocated_early(file, H5D_FILL_TIME_NEVER);
    check(H5Pset_chunk(list.id(), 2, chunk.data()), file, "H5Pset_chunk");
    Handle space(H5Screate_simple(2, extent.data(), greatest.data()), H5Sclose, file,
                 "H5Screate_simple");
    Handle gram(H5Dcreate2(out.id(), "gram",
                           identity.element_bytes == 8 ? H5T_NATIVE_DOUBLE : H5T_NATIVE_FLOAT,
                           space.id(), H5P_DEFAULT, list.id(), H5P_DEFAULT),
                H5Dclose, file, "creating /gram");
    describe(gram, "1",
             identity.symmetric ? "kernel of training samples; the lower triangle (row >= column) "
                                  "counts, above its tiles there are zeros"
                                : "kernel between training samples (rows) and test samples "
                                  "(columns)",
             file);
    label_axes(out.id(), gram, {Axis{"row", identity.columns}, Axis{"column", identity.rows}},
               file);

    const std::int64_t journal_rows = identity.column_panels() * identity.strips;
    const std::array<hsize_t, 2> journal{static_cast<hsize_t>(journal_rows), row_panels};
    const std::array<Axis, 2> journal_axes{Axis{"row_strip", journal_rows},
                                           Axis{"column_panel", identity.row_panels()}};
    Handle journal_space(H5Screate_simple(2, journal.data(), nullptr), H5Sclose, file,
                         "H5Screate_simple");
    const Handle journal_list = allocated_early(file, H5D_FILL_TIME_ALLOC);
    Handle done(H5Dcreate2(out.id(), "done", H5T_NATIVE_UINT8, journal_space.id(), H5P_DEFAULT,
                           journal_list.id(), H5P_DEFAULT),
                H5Dclose, file, "creating /done");
    describe(done, "1",
             "1 where a strip of /gram's tiles is written, 0 where it is missing, 2 where none is "
             "wanted",
             file);
    std::vector<std::uint8_t> marks;
    for (std::int64_t q = 0; q < journal_rows; ++q) {
      for (std::int64_t row = 0; row < identity.row_panels(); ++row) {
        marks.push_back(identity.wanted(row, q / identity.strips) ? kMissing : kUnwanted);
      }
    }
    check(H5Dwrite(done.id(), H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, marks.data()), file,
          "writing /done");
    label_axes(out.id(), done, journal_axes, file);
    Handle checksum(H5Dcreate2(out.id(), "checksum", H5T_NATIVE_INT64, journal_space.id(),
                               H5P_DEFAULT, journal_list.id(), H5P_DEFAULT),
                    H5Dclose, file, "creating /checksum");
    describe(checksum, "1", "64-bit checksum of each strip's bytes, as a signed number", file);
    label_axes(out.id(), checksum, journal_axes, file);
    out.close(file, "closing the file");
  }
  const GramFileLayout layout = read_gram_layout(file, identity);
  reserve_space(file, layout, tile_bytes(identity));
  auto open = tile_ranges(layout, identity);
  const auto entries = static_cast<std::int64_t>(layout.done.size());
  open.push_back({layout.done_offset, entries});
  open.push_back({layout.checksum_offset, entries * 8});
  seal_file(file, open);
}

void seal_gram_file(const std::string& file, const GramFileLayout& layout,
                    const GramIdentity& identity) {
  seal_file(file, tile_ranges(layout, identity));
}

GramFileLayout read_gram_layout(const std::string& file, const GramIdentity& identity) {
  static_cast<void>(sound_seal(file));
  const hdf5::QuietErrors quiet;
  Handle in(H5Fopen(file.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose, file, "opening the file");
  const std::string different = differences(hdf5::read_attributes(in.id(), file), identity);
  if (!different.empty()) {
    throw ConfigurationError(fmt::format(
        "{}: this Gram matrix is of another kernel or other data: {}; this study needs its own, "
        "in another folder or made anew with --force",
        file, different));
  }
  const std::int64_t row_panels = identity.row_panels();
  const auto tiles = static_cast<std::size_t>(row_panels * identity.column_panels());
  const std::size_t entries = tiles * static_cast<std::size_t>(identity.strips);
  GramFileLayout layout;
  layout.tile_offsets.resize(tiles);
  layout.done.resize(entries);
  layout.checksums.resize(entries);
  const auto open = [&](const char* name) {
    return Handle(H5Dopen2(in.id(), name, H5P_DEFAULT), H5Dclose, file, "opening a dataset");
  };
  const Handle gram = open("gram");
  const Handle done = open("done");
  const Handle checksum = open("checksum");
  for (std::int64_t column = 0; column < identity.column_panels(); ++column) {
    for (std::int64_t row = 0; row < row_panels; ++row) {
      if (!identity.wanted(row, column)) continue;
      const std::array<hsize_t, 2> corner{static_cast<hsize_t>(column * identity.block),
                                          static_cast<hsize_t>(row * identity.block)};
      unsigned filters = 0;
      haddr_t offset = HADDR_UNDEF;
      hsize_t size = 0;
      check(H5Dget_chunk_info_by_coord(gram.id(), corner.data(), &filters, &offset, &size), file,
            "finding a tile");
      if (offset == HADDR_UNDEF) throw Error(file + ": a tile of /gram has no place in the file");
      layout.tile_offsets[static_cast<std::size_t>(column * row_panels + row)] =
          static_cast<std::int64_t>(offset);
    }
  }
  layout.done_offset = offset_of(done, file);
  layout.checksum_offset = offset_of(checksum, file);
  check(H5Dread(done.id(), H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, layout.done.data()),
        file, "reading /done");
  check(H5Dread(checksum.id(), H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                layout.checksums.data()),
        file, "reading /checksum");
  return layout;
}

}  // namespace thalweg
