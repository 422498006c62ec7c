#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "records/sample_record.hpp"
#include "support/scratch.hpp"

namespace thalweg {
namespace {

using testing_support::Scratch;
using testing_support::sound_run;

/// Runs a script with the file as its argument; what it printed.
std::string python(const Scratch& scratch, const std::string& script, const std::string& file) {
  std::ofstream(scratch.file("script.py")) << script;
  const std::string command =
      "/usr/bin/python3 " + scratch.file("script.py") + " " + file + " 2>&1";
  std::string text;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return "popen failed";
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe))
    text.push_back(static_cast<char>(c));
  const int status = pclose(pipe);
  return status == 0 ? text : text.append("\nexit status ").append(std::to_string(status));
}

bool imports(const std::string& module) {
  return std::system(("/usr/bin/python3 -c 'import " + module + "' 2>/dev/null").c_str()) == 0;
}

TEST(Python, H5pyReadsTextAndMasks) {
  if (!imports("h5py")) GTEST_SKIP() << "h5py is not installed";
  const Scratch scratch;
  write_record(scratch.file("run.h5"), sound_run());
  EXPECT_EQ(python(scratch, R"(
import sys, h5py
with h5py.File(sys.argv[1]) as f:
    a = f.attrs
    assert type(a["schema"]) is str and a["schema"] == "thalweg/run", a["schema"]
    assert list(a["hostnames"]) == ["node α", "node2"], a["hostnames"]
    assert a["seed"] == -7 and a["temperature"] == 0.1
    assert a["empty"] == ""
    assert f["summary/run"].asstr()[:].tolist() == ["größe", "", "b"]
    assert f["parameters/values"].shape == (2, 3) and f["parameters/values"].dtype == "float32"
    assert f["parameters/done"].dtype == "uint8"
    assert f["probes/sharpness/value"][()] == 1/3
    assert f["trajectory/train_loss"].dims[0][0].name == "/trajectory/step"
    assert f["trajectory/train_loss"].attrs["units"] == "1"
print("read")
)",
                   scratch.file("run.h5")),
            "read\n");
}

TEST(Python, XarrayReadsNamedDimensions) {
  if (!imports("xarray, h5netcdf")) GTEST_SKIP() << "xarray and h5netcdf are not installed";
  const Scratch scratch;
  write_record(scratch.file("run.h5"), sound_run());
  EXPECT_EQ(python(scratch, R"(
import sys, warnings
warnings.simplefilter("error")
import xarray
for group in ["trajectory", "parameters", "summary", "probes/sharpness", "probes/line"]:
    with xarray.open_dataset(sys.argv[1], group=group, engine="h5netcdf", decode_times=False) as d:
        d.load()
        if group == "trajectory":
            assert d.train_loss.dims == ("step",), d
            assert d.step.values.tolist() == [0, 10, 20]
            assert float(d.train_loss.sel(step=10)) == 0.1
            assert d.elapsed_s.attrs["units"] == "s" and d.train_loss.attrs["long_name"] == "mean loss"
        if group == "parameters":
            assert d["values"].dims == ("snapshot", "parameter") and set(d.data_vars) == {"values", "done"}, d
        if group == "summary":
            assert d.run.values.tolist() == ["größe", "", "b"], d
with xarray.open_dataset(sys.argv[1], group="trajectory", engine="h5netcdf") as d:
    d.load()
print("read")
)",
                   scratch.file("run.h5")),
            "read\n");
}

}  // namespace
}  // namespace thalweg
