#include "parallel/node_stage.hpp"

#include <utility>

namespace thalweg {

NodeStage::NodeStage(Communicator node)
    : node_(std::move(node)), window_(node_, 2 * node_.size() * kArea) {}

void NodeStage::show() {
  window_.fence();
  filled_ = 1 - filled_;
}

}  // namespace thalweg
