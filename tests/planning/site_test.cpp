// The site file and the jobs made of it.
#include "planning/site.hpp"

#include <gtest/gtest.h>

#include "planning/job_script.hpp"
#include "support/settings_messages.hpp"

namespace thalweg {
namespace {

using testing_settings::expect_parts;
using testing_settings::message_of;

TEST(Site, ReadsWhatAShellReads) {
  const Site site = read_site(
      "# a cluster\npartition=\"long\" # with a comment\naccount=\"\"\n\n"
      "setup=\"module load openmpi # 4\"\ncores_per_node=48\nnetwork_latency_us=1.5\n"
      "max_walltime=\"2-00:00:00\"\n",
      "site.conf");
  EXPECT_EQ(site.partition, "long");
  EXPECT_EQ(site.account, "");
  EXPECT_EQ(site.setup, "module load openmpi # 4");
  EXPECT_EQ(site.cores_per_node, 48);
  EXPECT_EQ(site.max_walltime_s, 172800.0);
  EXPECT_DOUBLE_EQ(site.network().latency_s, 1.5e-6);
  EXPECT_EQ(site.launcher, "auto");
}

TEST(Site, NamesTheLineOfAMistake) {
  const auto refused = [](const std::string& text) {
    return message_of([&] { static_cast<void>(read_site(text, "site.conf")); });
  };
  expect_parts(refused("partition=\"a\"\ncorse_per_node=4\n"),
               {"site.conf:2", "corse_per_node", "cores_per_node"});
  expect_parts(refused("cores_per_node = 4\n"), {"site.conf:1", "without spaces"});
  expect_parts(refused("cores_per_node=\"4\"\n"),
               {"site.conf:1", "cores_per_node", "\"4\"", "number"});
  expect_parts(refused("cores_per_node=0\n"), {"cores_per_node", "at least 1"});
  expect_parts(refused("cores_per_node=2.5\n"), {"cores_per_node", "whole number"});
  expect_parts(refused("cores_per_node=1e20\n"), {"1e20", "whole number of at most 1000000000"});
  expect_parts(refused("cores_per_node=4x\n"), {"cores_per_node", "4x"});
  expect_parts(refused("partition=long\n"), {"partition", "double quotes"});
  expect_parts(refused("setup=\"echo $HOME\"\n"), {"site.conf:1", "$HOME"});
  expect_parts(refused("launcher=\"mpiexec\"\n"), {"launcher", "mpiexec", "srun"});
  expect_parts(refused("max_walltime=\"a day\"\n"), {"site.conf:1", "max_walltime", "HH:MM:SS"});
  // SLURM takes these for minutes, and for a day and twelve hours.
  expect_parts(refused("max_walltime=\"90\"\n"), {"site.conf:1", "\"90\"", "HH:MM:SS"});
  expect_parts(refused("max_walltime=\"1-12\"\n"), {"site.conf:1", "\"1-12\"", "HH:MM:SS"});
  expect_parts(refused("network_bandwidth_gb_s=0\n"), {"network_bandwidth_gb_s", "above 0"});
  expect_parts(refused("qos=\"a\"\nqos=\"b\"\n"), {"site.conf:2", "twice"});
}

StudyPlan plan_of(std::int64_t ranks, double seconds, double gibibytes) {
  StudyPlan plan;
  plan.name = "mine";
  plan.file = "it's.toml";
  plan.ranks = ranks;
  plan.forecast.wall_s = seconds;
  plan.estimate.memory = {{"all", gibibytes * 1024.0 * 1024.0 * 1024.0}};
  return plan;
}

TEST(JobSize, TakesAsManyRanksOnANodeAsFit) {
  Site site;
  site.cores_per_node = 8;
  site.memory_per_node_gib = 16.0;
  EXPECT_EQ(job_size(plan_of(16, 60.0, 1.0), site).nodes, 2);
  // With its margin a rank takes 3.6 GiB: four on a node.
  const JobSize tight = job_size(plan_of(16, 60.0, 3.0), site);
  EXPECT_EQ(tight.nodes, 4);
  EXPECT_EQ(tight.ranks_per_node, 4);
  EXPECT_EQ(tight.mebibytes_per_node, 14746);
  // What does not divide takes no more nodes for it.
  EXPECT_EQ(job_size(plan_of(17, 60.0, 1.0), site).nodes, 3);
  EXPECT_EQ(job_size(plan_of(17, 60.0, 1.0), site).ranks_per_node, 6);
  expect_parts(message_of([&] { static_cast<void>(job_size(plan_of(2, 60.0, 20.0), site)); }),
               {"24.0 GiB", "memory_per_node_gib"});
}

TEST(JobSize, CountsTheJobsThatFollow) {
  Site site;
  site.max_walltime_s = 3600.0;
  site.signal_before_end_s = 600;
  const JobSize one = job_size(plan_of(2, 1000.0, 0.1), site);
  EXPECT_DOUBLE_EQ(one.seconds, 2100.0);
  EXPECT_EQ(one.requeues, 0);
  // 9000 s with the margin, of which a job computes 3000.
  const JobSize three = job_size(plan_of(2, 6000.0, 0.1), site);
  EXPECT_DOUBLE_EQ(three.seconds, 3600.0);
  EXPECT_EQ(three.requeues, 2);
}

TEST(JobScript, HasTheSitesOptionsAndItsCommands) {
  Site site;
  site.partition = "long";
  const StudyPlan plan = plan_of(2, 100.0, 0.5);
  const std::string text = job_script(plan, site, job_size(plan, site), "/etc/site.conf",
                                      "#!/bin/bash\n# about it\n#SBATCH --time=1\nset -u\n# kept\n"
                                      "mpirun thalweg run \"$@\"\n",
                                      {"--set", "train.batch=8"});
  expect_parts(text, {"#!/bin/bash\n", "#SBATCH --partition=long\n", "#SBATCH --time=00:05:00\n",
                      "#SBATCH --nodes=1\n", "#SBATCH --ntasks-per-node=2\n",
                      "#SBATCH --mem=1229M\n", "#SBATCH --signal=B:USR1@120\n",
                      "set -- 'it'\\''s.toml' --set train.batch=8\nexport "
                      "THALWEG_SITE=/etc/site.conf\nset -u\n# kept\nmpirun"});
  EXPECT_EQ(text.find("--account"), std::string::npos);
  EXPECT_EQ(text.find("--time=1\n"), std::string::npos);
  EXPECT_EQ(text.find("about it"), std::string::npos);
}

}  // namespace
}  // namespace thalweg
