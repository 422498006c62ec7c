#include <memory>

#include "app/command_line.hpp"
#include "runs/stored_weights.hpp"

namespace thalweg {

void add_weights(CLI::App& app, const Session& session, Action& action) {
  auto request = std::make_shared<WeightsRequest>();
  CLI::App* weights =
      app.add_subcommand("weights", "Write a run's parameters for numpy and PyTorch");
  weights->add_option("RECORD", request->folder, "The study's folder")->required();
  weights->add_option("--run", request->run, "Name of the run")->required();
  weights->add_option("-o,--output", request->file, "File to write, .npz")->required();
  weights->add_option("--at", request->at, "final (default) or the step of a snapshot");
  weights->add_flag("--force", request->force, "Replace the file if it is there");
  weights->footer(
      "Arrays are called conv1.weight, norm1.running_mean, … and have PyTorch's layouts;\n"
      "[train] initial = \"FILE.npz\" begins a run at them.\n"
      "Examples:\n  thalweg weights results/a --run small-seed1 -o small.npz\n"
      "  thalweg weights results/a --run small-seed1 --at 400 -o small400.npz");
  weights->callback([&session, &action, request] {
    action = [&session, request] { return write_weights(*request, session.world, session.log); };
  });
}

}  // namespace thalweg
