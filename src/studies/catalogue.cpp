#include "studies/catalogue.hpp"

#include <utility>

#include "objectives/analytic/objective_kinds.hpp"
#include "optimizers/optimizer_kind.hpp"
#include "probes/probe_kind.hpp"
#include "studies/study_kinds.hpp"

namespace thalweg {

namespace {

std::vector<CatalogueCategory> written_categories() {
  return {
      {"datasets",
       {{"glyphs", "drawn digits made by the program itself, any number of them, no download"},
        {"idx", "the MNIST family's files, plain or .gz (LeCun et al. 1998)"},
        {"cifar10", "32 × 32 colour images in 10 classes, binary version (Krizhevsky 2009)"},
        {"cifar100", "32 × 32 colour images in 100 classes, binary version (Krizhevsky 2009)"},
        {"csv", "a table of numbers with a column of classes, with or without a header"},
        {"libsvm", "sparse text, label index:value … (Chang and Lin 2011)"},
        {"npy", "NumPy arrays train_x, train_y, test_x, test_y in a folder"},
        {"hdf5", "datasets /train/x, /train/y, /test/x, /test/y of an HDF5 file"},
        {"uci", "a hold-out pair of a UCI set as Fernández-Delgado et al. (2014) prepared it"},
        {"low_rank", "[matrix]: random matrices of low rank, entries or Gaussian measurements"},
        {"ratings",
         "[matrix]: MovieLens' ratings.csv, ratings.dat or u.data, split by seed (Harper and "
         "Konstan 2015)"},
        {"razin_cohen",
         "[matrix]: 2 × 2, every norm of whose completions diverges (Razin and Cohen 2020)"},
        {"regression", "[matrix]: one column, seen through inputs of a given condition number"}}},
      {"preprocess",
       {{"standardize", "per feature, minus the mean over the deviation of the training samples"},
        {"center", "per feature, minus the mean of the training samples"},
        {"scale01", "minus the least, over the range of the whole training set"},
        {"unit_norm", "each sample over its Euclidean norm"},
        {"zca", "whitening by the symmetric root, (C + ε λ̄)^(−1/2) (Bell and Sejnowski 1997)"}}},
      {"models",
       {{"mlp",
         "fully connected, any widths and activation; batch norm over the batch or ghost groups, "
         "or the NTK parametrisation"},
        {"linear", "no hidden layer: softmax or least-squares regression"},
        {"f1", "fully connected, five layers of 512 (Keskar et al. 2017)"},
        {"c1, c3", "two 5×5 convolutions and two dense layers (Keskar et al. 2017)"},
        {"c2, c4",
         "the shape of VGG, images of at least 32 × 32 pixels (Keskar et al. 2017; Simonyan and "
         "Zisserman 2015)"},
        {"resnet20", "residual blocks of 16, 32 and 64 filters (He et al. 2016)"},
        {"layers",
         "a list: conv, maxpool, avgpool, gap, flatten, dense, norm, dropout, block … shortcut … "
         "end, activations"}}},
      {"objectives",
       {{"network", "the mean loss of a model over a data set, or over a part of it"},
        {"factorization",
         "[[method]]: observed elements or measurements of a product of factors, a deep linear net "
         "(Arora et al. 2019)"},
        {"end_to_end",
         "[[method]]: the matrix itself by the equation that balanced factors give its flow (Arora "
         "et al. 2018)"},
        {"nuclear_norm",
         "[[method]]: least nuclear norm by Douglas–Rachford (Candès and Recht 2009); certified "
         "gap"},
        {"als", "[[method]]: alternating least squares with a ridge (Zhou et al. 2008)"},
        {"mean", "[[method]]: means of all, rows, columns, or both"}}},
      {"optimizers",
       {{"sam",
         "sharpness_aware, with any of these but flow: the gradient at the worst point of a ball "
         "(Foret et "
         "al. 2021)"},
        {"asam", "the same in a ball scaled by the weights (Kwon et al. 2021)"}}},
      {"schedules",
       {{"constant", "one learning rate, after warm-up if asked"},
        {"step", "times a factor at milestones"},
        {"cosine", "half a cosine down to final_factor (Loshchilov and Hutter 2017)"},
        {"linear", "a straight line down to final_factor"},
        {"warmup_epochs", "the rate rises from next to nothing (Goyal et al. 2017)"},
        {"scaling",
         "the rate by batch size, linear (Goyal et al. 2017) or sqrt (Hoffer et al. 2017)"},
        {"batch_sizes", "batches that grow in place of a falling rate (Smith et al. 2018)"}}},
      {"probes",
       {{"slice",
         "[[slice]]: losses along the line between two runs (Goodfellow et al. 2015); exact at "
         "every point; a pass over both halves each"},
        {"surface",
         "[[surface]]: losses on a grid along random filter-normalised directions (Li et al. "
         "2018), eigenvectors, principal components or other runs; exact; nx × ny passes"},
        {"connection",
         "[[connection]]: barrier of a line, or of a Bézier curve or chain trained between two "
         "runs (Garipov et al. 2018), aligned by weights (Ainsworth et al. 2023); a lower bound "
         "over the points; the training, and a pass a point"},
        {"audit",
         "[[audit]]: every probe at points that compute the same function (Dinh et al. 2017), with "
         "the change of the outputs; the probes once a factor"}}},
      {"kernels",
       {{"ntk", "neural tangent kernel of an infinitely wide network (Jacot et al. 2018)"},
        {"nngp",
         "kernel of the Gaussian process an infinitely wide network starts as (Lee et al. 2018)"},
        {"cntk", "tangent kernel of an infinitely wide convolutional network (Arora et al. 2019)"},
        {"cnngp", "its Gaussian process at the start (Novak et al. 2019)"},
        {"convnet",
         "tangent kernel of a convolutional net of any shape: stride, average pooling, any "
         "activation"},
        {"empirical", "tangent kernel of a finite network at its initial parameters"},
        {"gaussian", "exp(−‖x−x'‖²/2ℓ²), ℓ given or by the median distance"},
        {"laplace", "exp(−‖x−x'‖/ℓ), ℓ given or by the median distance"},
        {"arccos",
         "arc-cosine kernels of degree 0 to 2, composed to any depth (Cho and Saul 2009)"},
        {"polynomial", "(γ x·x' + c)^degree"},
        {"linear", "x·x'"}}},
      {"searches", {}},
      {"claims", {}},
  };
}

template <class AnyKind>
std::vector<CatalogueEntry> entries_of(const std::vector<AnyKind>& kinds) {
  std::vector<CatalogueEntry> entries;
  entries.reserve(kinds.size());
  for (const auto& kind : kinds) entries.push_back({kind.name, kind.text});
  return entries;
}

void put_first(std::vector<CatalogueEntry> entries, CatalogueCategory& category) {
  entries.insert(entries.end(), category.entries.begin(), category.entries.end());
  category.entries = std::move(entries);
}

/// With the kinds that say themselves what they are.
std::vector<CatalogueCategory> all_categories() {
  auto categories = written_categories();
  CatalogueCategory kinds{"kinds", {}};
  for (const auto& kind : study_kinds()) {
    kinds.entries.push_back({kind.name, "[study] kind: " + kind.description});
  }
  categories.insert(categories.begin(), std::move(kinds));
  for (auto& category : categories) {
    if (category.name == "objectives") {
      for (const auto& kind : objective_kinds()) {
        category.entries.push_back({kind.name, "[objective]: " + kind.text});
      }
    }
    if (category.name == "optimizers") put_first(entries_of(optimizer_kinds()), category);
    if (category.name == "probes") put_first(entries_of(probe_kinds()), category);
  }
  return categories;
}

}  // namespace

const std::vector<CatalogueCategory>& catalogue() {
  static const std::vector<CatalogueCategory> all = all_categories();
  return all;
}

}  // namespace thalweg
