#include "studies/catalogue.hpp"

namespace thalweg {

const std::vector<CatalogueCategory>& catalogue() {
  static const std::vector<CatalogueCategory> all{
      {"datasets",
       {{"glyphs", "drawn digits made by the program itself, any number of them, no download"},
        {"idx", "the MNIST family's files, plain or .gz (LeCun et al. 1998)"},
        {"cifar10", "32 × 32 colour images in 10 classes, binary version (Krizhevsky 2009)"},
        {"cifar100", "32 × 32 colour images in 100 classes, binary version (Krizhevsky 2009)"}}},
      {"models",
       {{"mlp",
         "fully connected ReLU network, any widths; batch norm over the batch or ghost groups, "
         "or the NTK parametrisation"}}},
      {"objectives",
       {{"network", "the mean loss of a model over a data set, or over a part of it"}}},
      {"optimizers",
       {{"sgd", "gradient descent on batches, with momentum if asked (Robbins and Monro 1951)"},
        {"nesterov",
         "momentum with the gradient taken ahead (Nesterov 1983; Sutskever et al. 2013)"},
        {"adam", "moments of the gradient, bias corrected (Kingma and Ba 2015)"}}},
      {"probes",
       {{"hessian_extremes", "λ_max and λ_min of the Hessian by Lanczos, with ‖Hv − λv‖"},
        {"sharpness", "largest relative rise of the loss in a small box (Keskar et al. 2017)"},
        {"kernel_drift",
         "change of the empirical tangent kernel since the start, its alignments (Lee et al. "
         "2019)"},
        {"slice", "[[slice]]: the loss along the line between two runs (Goodfellow et al. 2015)"}}},
      {"kernels",
       {{"ntk", "neural tangent kernel of an infinitely wide network (Jacot et al. 2018)"},
        {"nngp",
         "kernel of the Gaussian process an infinitely wide network starts as (Lee et al. 2018)"}}},
      {"searches", {}},
      {"claims", {}},
  };
  return all;
}

}  // namespace thalweg
