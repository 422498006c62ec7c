#include "studies/study_kinds.hpp"

#include "studies/completion/completion_study.hpp"
#include "studies/kernel/kernel_comparison.hpp"
#include "studies/kernel/kernel_study.hpp"
#include "studies/small_data/small_data_study.hpp"
#include "studies/trajectories/landscape_study.hpp"
#include "studies/trajectories/objective_study.hpp"
#include "studies/trajectories/trajectory_study.hpp"
#include "studies/uci/uci_study.hpp"
#include "studies/width/width_study.hpp"

namespace thalweg {

const std::vector<StudyKind>& study_kinds() {
  static const std::vector<StudyKind> kinds{
      {"trajectories", "runs side by side, probes on them, slices between their minima",
       [](const Settings& settings, const StudyHeader& header, StudyContext& context) {
         return settings.has("objective") ? prepare_objective_study(settings, header, context)
                                          : prepare_trajectory_study(settings, header, context);
       }},
      {"surface", "losses on grids around the ends of runs, made here or by an earlier study",
       prepare_landscape_study},
      {"connection", "paths between the ends of runs, made here or by an earlier study",
       prepare_landscape_study},
      {"kernel", "kernel ridge regression; with [[run]] tables, several kernels side by side",
       [](const Settings& settings, const StudyHeader& header, StudyContext& context) {
         return settings.tables("run").empty()
                    ? prepare_kernel_study(settings, header, context)
                    : prepare_kernel_comparison(settings, header, context);
       }},
      {"small_data", "kernel regression on small training sets drawn from one pool",
       prepare_small_data_study},
      {"width", "finite networks of growing width beside their infinitely wide kernel's prediction",
       prepare_width_study},
      {"completion",
       "matrices completed by deep linear nets, gradient flow and baselines, side by side",
       prepare_completion_study},
      {"uci", "kernels side by side on a folder of UCI classification sets", prepare_uci_study},
  };
  return kinds;
}

ExitCode run_study(const Settings& settings, StudyContext& context) {
  return run_study(study_kinds(), settings, context);
}

}  // namespace thalweg
