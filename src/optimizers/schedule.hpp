#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace thalweg {

struct ScheduleOptions {
  std::string type = "constant";   ///< constant | step | cosine | linear
  double warmup_epochs = 0.0;      ///< the rate rises linearly over these
  std::vector<double> milestones;  ///< step: epochs at which the rate is multiplied by `factor`
  double factor = 0.1;
  double final_factor = 0.0;  ///< cosine and linear: share of the rate left at the end
  std::string scaling =
      "none";  ///< none | linear | sqrt: rate × batch/reference_batch, or its root
  std::int64_t reference_batch = 256;
  /// From these epochs on these batch sizes: a growing batch in place of a falling rate (Smith et
  /// al. 2018), or a large batch that starts where some epochs of a small one ended (Keskar et al.
  /// 2017). Whole numbers above 0, rising.
  std::vector<double> batch_epochs;
  std::vector<std::int64_t> batch_sizes;
  bool scale_with_growth = false;  ///< scaling follows the batch at hand, not the first one
};

/// Batches and learning rates of a run as functions of the step. Samples are visited in epochs,
/// each in consecutive batches; without drop_last the last one of an epoch may be smaller. Local.
class Schedule {
 public:
  /// Runs for `epochs`, or, where `steps` > 0, for exactly so many steps and as many epochs as
  /// those need. No batch is larger than the `samples`. Throws ConfigurationError, naming the key.
  Schedule(ScheduleOptions options, double base_rate, std::int64_t batch, std::int64_t samples,
           std::int64_t epochs, std::int64_t steps, bool drop_last);

  struct Step {
    std::int64_t epoch = 0;
    std::int64_t begin = 0;  ///< of the epoch's samples; 0 for the first batch of an epoch
    std::int64_t count = 0;  ///< samples of this batch
    std::int64_t batch = 0;  ///< size of this epoch's batches, except perhaps the last
    double learning_rate = 0.0;
    double epochs_done = 0.0;  ///< before this step
  };

  [[nodiscard]] std::int64_t steps() const { return steps_; }
  /// Step 0 is the first. Defined beyond the last too: at(steps()) says where the run ended.
  ///
  /// Rates: base · scaling · s. In warm-up s = (step + 1)/warm-up steps (linear as in Goyal et al.
  /// 2017, from next to nothing). After it, with p the share of the remaining epochs that is done:
  /// cosine s = f + (1 − f)(1 + cos πp)/2 (Loshchilov & Hutter 2017), linear s = 1 + (f − 1)p, f
  /// the final_factor; step s = factor^(milestones reached).
  [[nodiscard]] Step at(std::int64_t step) const;
  /// The step that an epoch begins with, whether the run gets there or not.
  [[nodiscard]] std::int64_t first_step_of(std::int64_t epoch) const {
    return steps_before(static_cast<double>(epoch));
  }

 private:
  struct Phase {
    std::int64_t first_epoch = 0;
    std::int64_t first_step = 0;
    std::int64_t batch = 0;
    std::int64_t steps_per_epoch = 0;
  };
  void add_phase(std::int64_t first_epoch, std::int64_t batch);
  void check() const;
  [[nodiscard]] const Phase& phase_of_step(std::int64_t step) const;
  [[nodiscard]] double epochs_done(std::int64_t step) const;
  [[nodiscard]] std::int64_t steps_before(double epoch) const;
  [[nodiscard]] double shape(std::int64_t step, double epochs_done) const;
  [[nodiscard]] double scaling(std::int64_t batch) const;

  ScheduleOptions options_;
  double base_rate_;
  std::int64_t samples_;
  bool drop_last_;
  std::vector<Phase> phases_;
  std::int64_t steps_ = 0;
  std::int64_t warmup_steps_ = 0;
  double warmup_end_ = 0.0;  ///< epochs
  double end_ = 0.0;         ///< epochs
};

}  // namespace thalweg
