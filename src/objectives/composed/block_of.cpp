#include "objectives/composed/block_of.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"

namespace thalweg {

std::vector<ParameterBlock> blocks_called(const std::vector<ParameterBlock>& blocks,
                                          const std::string& name) {
  std::vector<ParameterBlock> chosen;
  for (const auto& block : blocks) {
    if (block.name == name || block.name.rfind(name + ".", 0) == 0) chosen.push_back(block);
  }
  if (!chosen.empty()) return chosen;
  std::string known;
  for (const auto& block : blocks) known += (known.empty() ? "" : ", ") + block.name;
  throw ConfigurationError(fmt::format(
      "block is \"{}\"; expected one of {}, or what stands before the dot", name, known));
}

namespace {

Range range_of(const std::vector<ParameterBlock>& blocks) {
  return {blocks.front().offset, blocks.back().offset + blocks.back().count()};
}

std::span<double> part(std::vector<double>& whole, Range range) {
  return std::span(whole).subspan(static_cast<std::size_t>(range.begin),
                                  static_cast<std::size_t>(range.size()));
}

}  // namespace

BlockOf::BlockOf(Objective<double>& inner, std::span<const double> x, const std::string& name)
    : inner_(&inner),
      blocks_(blocks_called(parameter_blocks_of(inner), name)),
      range_(range_of(blocks_)),
      space_(inner.space().comm(), range_.size()),
      x_(x.begin(), x.end()),
      direction_(x.size(), 0.0),
      inner_slice_(static_cast<std::size_t>(inner.space().slice().size())),
      whole_(x.size()) {
  if (parameter_count(blocks_) != range_.size()) {
    throw Error(fmt::format("the blocks of {} are not next to each other", name));
  }
  for (auto& block : blocks_) block.offset -= range_.begin;
}

std::vector<double> BlockOf::point() const {
  return {x_.begin() + range_.begin, x_.begin() + range_.end};
}

void BlockOf::move_to(std::span<const double> y) {
  std::copy(y.begin(), y.end(), part(x_, range_).begin());
}

void BlockOf::cut(std::span<double> slice) {
  inner_->space().gather(std::span<const double>(inner_slice_), std::span(whole_));
  const auto mine = space_.slice_of(part(whole_, range_));
  std::copy(mine.begin(), mine.end(), slice.begin());
}

double BlockOf::value(std::span<const double> y, Subset subset) {
  move_to(y);
  return inner_->value(x_, subset);
}

double BlockOf::gradient(std::span<const double> y, Subset subset,
                         std::span<double> gradient_slice) {
  move_to(y);
  const double value = inner_->gradient(x_, subset, inner_slice_);
  cut(gradient_slice);
  return value;
}

void BlockOf::hessian_vector(std::span<const double> y, std::span<const double> v, Subset subset,
                             std::span<double> product_slice) {
  move_to(y);
  std::copy(v.begin(), v.end(), part(direction_, range_).begin());
  inner_->hessian_vector(x_, direction_, subset, inner_slice_);
  cut(product_slice);
}

}  // namespace thalweg
