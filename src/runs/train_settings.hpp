#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/augmentation.hpp"
#include "models/loss.hpp"
#include "settings/key.hpp"

namespace thalweg {

/// What [train] says of a run.
struct TrainOptions {
  LossKind loss = LossKind::cross_entropy;
  std::int64_t batch = 64;
  std::int64_t shard = 0;    ///< 0: by default_shard
  std::int64_t epochs = 10;  ///< 0, and steps 0: the run takes none, it is measured alone
  std::int64_t steps = 0;    ///< exactly so many steps in place of epochs; 0: epochs
  std::string initial;       ///< .npz of the parameters to begin at; empty: drawn by the seed
  std::int64_t evaluate_every = 0;  ///< steps; 0: every epoch
  double target_loss = 0.0;         ///< training loss to stop at; 0: none
  double target_accuracy = 0.0;     ///< test accuracy to stop at; 0: none
  /// The accuracy to stop at is that of the held-out samples: so that trials of a learning rate
  /// never look at test data.
  bool target_on_validation = false;
  double random_labels = 0.0;  ///< probability of a class drawn from all
  double label_noise = 0.0;    ///< probability of a class drawn from the others
  double validation = 0.0;     ///< share of the training samples held out: the last ones
  bool drop_last = false;
  Augmentation augmentation;
  bool gradient_norm_every = false;  ///< at every evaluation, not at the end alone
  double checkpoint_every_s = 60.0;
  std::int64_t snapshot_every_epochs = 0;  ///< parameters kept at epochs 0, k, 2k, … and the end
  std::int64_t snapshot_every_steps = 0;   ///< or at steps; both 0: none
  std::int64_t memory_mib = 2048;          ///< as NetworkLoss::limit_memory

  [[nodiscard]] bool takes_steps() const { return epochs > 0 || steps > 0; }
  [[nodiscard]] bool has_snapshots() const {
    return snapshot_every_epochs > 0 || snapshot_every_steps > 0;
  }
  [[nodiscard]] bool has_target() const { return target_loss > 0.0 || target_accuracy > 0.0; }
};

/// The keys of [train] for networks, but for precision, epochs and steps. Local.
const std::vector<Key>& train_keys();
Key precision_key();
Key epochs_key();
Key steps_key();
/// And those of runs on an objective. Local.
const std::vector<Key>& objective_train_keys();

/// Reads [train] but for precision, which belongs to the whole study. `ghost_size` is that of ghost
/// batch norm, 0 without; `batch_norm` whether there is any. Local. Throws ConfigurationError.
TrainOptions train_settings(const Settings& train, bool batch_norm, std::int64_t ghost_size);

/// Reads [train] of runs on an objective that needs no data, which step on all of its terms unless
/// `batch` says how many. Local. Throws ConfigurationError.
TrainOptions objective_train_settings(const Settings& train);

/// precision = "float64"? Local. Throws ConfigurationError.
bool is_wide(const Settings& train);

/// How many of `samples` training samples a share holds out: rounded, at least one if any is held
/// out, and at least one is left. Local.
std::int64_t held_out(double share, std::int64_t samples);

}  // namespace thalweg
