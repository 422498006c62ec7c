// Images and labels in IDX form: a choice of which are packed by gzip and which are only called so.
#include <zlib.h>

#include "data/class_labels.hpp"
#include "fuzz/samples.hpp"

namespace {

using namespace thalweg;
using namespace thalweg::fuzzing;

void write_half(const std::string& stem, std::string_view bytes, unsigned form) {
  const std::string plain = write_file(stem, bytes);
  if (form == 0) return;
  std::filesystem::remove(plain);
  if (form == 1) {
    write_file(stem + ".gz", bytes);
    return;
  }
  gzFile packed = gzopen((plain + ".gz").c_str(), "wb1");
  gzwrite(packed, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(packed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const unsigned forms = input.choice();
  for (const char* kind : {"train-images-idx3-ubyte", "train-labels-idx1-ubyte"}) {
    std::filesystem::remove(folder().file(std::string(kind) + ".gz"));
  }
  write_half("train-images-idx3-ubyte", input.part(), forms % 3);
  write_half("train-labels-idx1-ubyte", input.part(), forms / 3 % 3);
  accepted([] {
    const LabelledSamples half = read_idx(folder().path(), Half::train);
    require_sound(half);
    require_sound(number_classes({half, half}, folder().path()));
  });
  return 0;
}
