#include "models/weights.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "base/error.hpp"

namespace thalweg {

namespace {

constexpr const char* kMean = ".running_mean";
constexpr const char* kVariance = ".running_var";

/// A place of a network that takes one array.
struct Slot {
  std::string name;
  std::vector<std::int64_t> shape;
  std::int64_t offset = 0;
  bool statistic = false;  ///< the offset is among the running statistics, not the parameters
  [[nodiscard]] std::int64_t count() const {
    std::int64_t n = 1;
    for (const auto size : shape) n *= size;
    return n;
  }
};

std::string array_layer_of(const std::string& name) {
  const auto dot = name.rfind('.');
  return dot == std::string::npos ? std::string() : name.substr(0, dot);
}
std::string part_of(const std::string& name) {
  return name.substr(array_layer_of(name).size());
}

/// The slots in order, a norm's running statistics behind its parameters.
std::vector<Slot> slots_of(const std::vector<ParameterBlock>& blocks) {
  std::vector<Slot> slots;
  std::int64_t statistics = 0;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const ParameterBlock& block = blocks[i];
    slots.push_back({block.name, block.shape, block.offset, false});
    // A norm alone has a weight that counts as normalisation; its bias comes next.
    const bool ends_norm = i > 0 && part_of(block.name) == ".bias" && blocks[i - 1].normalisation &&
                           part_of(blocks[i - 1].name) == ".weight";
    if (!ends_norm) continue;
    for (const char* part : {kMean, kVariance}) {
      slots.push_back({array_layer_of(block.name) + part, block.shape, statistics, true});
      statistics += block.count();
    }
  }
  return slots;
}

/// Arrays or slots of one layer, which follow each other.
template <class Named>
struct Group {
  std::string layer;
  std::vector<const Named*> members;
  [[nodiscard]] const Named* find(const std::string& part) const {
    for (const auto* member : members) {
      if (part_of(member->name) == part) return member;
    }
    return nullptr;
  }
};

/// In the order in which layers come first.
template <class Named>
std::vector<Group<Named>> groups_of(const std::vector<Named>& all) {
  std::vector<Group<Named>> groups;
  for (const auto& one : all) {
    const std::string layer = array_layer_of(one.name);
    auto group = std::find_if(groups.begin(), groups.end(),
                              [&](const auto& known) { return known.layer == layer; });
    if (group == groups.end()) group = groups.insert(groups.end(), {layer, {}});
    group->members.push_back(&one);
  }
  return groups;
}

template <class Named>
std::string names_of(const std::vector<Named>& all) {
  constexpr std::size_t most = 12;
  std::string text;
  for (std::size_t i = 0; i < std::min(all.size(), most); ++i) {
    text += fmt::format("{}{}", i == 0 ? "" : ", ", all[i]);
  }
  return all.size() > most ? text + ", …" : text;
}

template <class Named>
std::string layers_text(const std::vector<Group<Named>>& groups) {
  std::vector<std::string> names(groups.size());
  std::transform(groups.begin(), groups.end(), names.begin(),
                 [](const auto& group) { return group.layer; });
  return names_of(names);
}

/// An array and where it goes; with `folded` a bias that moves the slot, a running mean.
struct ArrayPlace {
  const NamedArray* array;
  const Slot* slot;
  bool folded = false;
};

class Matching {
 public:
  Matching(std::string file, const std::vector<NamedArray>& arrays, const std::vector<Slot>& slots)
      : file_(std::move(file)), slots_(slots) {
    for (const auto& array : arrays) {
      if (!array.name.ends_with("num_batches_tracked")) arrays_.push_back(array);
    }
  }

  std::vector<ArrayPlace> run() {
    if (has_all_names()) {
      by_name();
    } else if (std::any_of(arrays_.begin(), arrays_.end(), is_of_layer)) {
      set_aside([](const NamedArray& array) { return !is_of_layer(array); });
      by_layers();
    } else {
      by_order();
    }
    if (!left_over_.empty()) refuse_left_over();
    return placements_;
  }

  [[noreturn]] void fail(const std::string& why) const {
    throw ConfigurationError(fmt::format(
        "{}: {}{}", file_, why, left_over_.empty() ? "" : "; left over: " + names_of(left_over_)));
  }

 private:
  const NamedArray* array_named(const std::string& name) const {
    const auto found = std::find_if(arrays_.begin(), arrays_.end(),
                                    [&](const auto& array) { return array.name == name; });
    return found == arrays_.end() ? nullptr : &*found;
  }
  bool has_all_names() const {
    return std::all_of(slots_.begin(), slots_.end(),
                       [&](const Slot& slot) { return array_named(slot.name) != nullptr; });
  }
  static bool is_of_layer(const NamedArray& array) {
    const std::string part = part_of(array.name);
    return part == ".weight" || part == ".bias" || part == kMean || part == kVariance;
  }

  /// Moves arrays that have no place to those left over.
  template <class Condition>
  void set_aside(const Condition& without_place) {
    const auto begin = std::stable_partition(
        arrays_.begin(), arrays_.end(), [&](const auto& array) { return !without_place(array); });
    for (auto at = begin; at != arrays_.end(); ++at) {
      left_over_.push_back(fmt::format("'{}' of shape {}", at->name, shape_text(at->shape)));
    }
    arrays_.erase(begin, arrays_.end());
  }
  [[noreturn]] void refuse_left_over() const {
    std::string folded;
    for (const auto& placement : placements_) {
      if (!placement.folded) continue;
      folded += fmt::format(", among them '{}', which {} takes up", placement.array->name,
                            placement.slot->name);
    }
    fail(fmt::format("the other {} arrays fill the network's {}{}", placements_.size(),
                     slots_.size(), folded));
  }

  void by_name() {
    const auto slot_of = [&](const NamedArray& array) {
      return std::find_if(slots_.begin(), slots_.end(),
                          [&](const Slot& one) { return one.name == array.name; });
    };
    set_aside([&](const NamedArray& array) { return slot_of(array) == slots_.end(); });
    for (const auto& array : arrays_) place(array, *slot_of(array));
  }

  void by_order() {
    if (arrays_.size() > slots_.size()) drop_what_fits_nowhere();
    if (arrays_.size() != slots_.size()) {
      std::vector<std::string> names;
      for (const auto& slot : slots_) names.push_back(slot.name);
      fail(fmt::format("{} arrays found ({}), expected the network's {}: {}", arrays_.size(),
                       array_names(), slots_.size(), names_of(names)));
    }
    for (std::size_t i = 0; i < slots_.size(); ++i) place(arrays_[i], slots_[i]);
  }
  /// Where the network's shapes follow each other with others in between, these are left over.
  void drop_what_fits_nowhere() {
    std::vector<const NamedArray*> others;
    std::size_t next = 0;
    for (const auto& array : arrays_) {
      const bool fits = next < slots_.size() && array.shape == slots_[next].shape;
      if (fits) {
        ++next;
      } else {
        others.push_back(&array);
      }
    }
    if (next < slots_.size()) return;
    set_aside([&](const NamedArray& array) {
      return std::any_of(others.begin(), others.end(),
                         [&](const NamedArray* other) { return other->name == array.name; });
    });
  }
  [[nodiscard]] std::string array_names() const {
    std::vector<std::string> names;
    for (const auto& array : arrays_) names.push_back(array.name);
    return names_of(names);
  }

  void by_layers() {
    const auto found = groups_of(arrays_);
    const auto expected = groups_of(slots_);
    for (std::size_t k = 0; k < std::min(found.size(), expected.size()); ++k) {
      const Group<Slot>* next = k + 1 < expected.size() ? &expected[k + 1] : nullptr;
      match(found[k], expected[k], next);
    }
    if (found.size() == expected.size()) return;
    fail(fmt::format("{} layers found ({}), expected the network's {} ({})", found.size(),
                     layers_text(found), expected.size(), layers_text(expected)));
  }

  void match(const Group<NamedArray>& found, const Group<Slot>& expected, const Group<Slot>* next) {
    for (const Slot* slot : expected.members) {
      const NamedArray* array = found.find(part_of(slot->name));
      if (array == nullptr) {
        fail(fmt::format("no array '{}{}', expected one of shape {} for {}", found.layer,
                         part_of(slot->name), shape_text(slot->shape), slot->name));
      }
      place(*array, *slot);
    }
    for (const NamedArray* array : found.members) {
      const std::string part = part_of(array->name);
      if (expected.find(part) != nullptr) continue;
      const Slot* mean = next == nullptr ? nullptr : next->find(kMean);
      if (part != ".bias" || mean == nullptr) {
        fail(fmt::format("array '{}' of shape {}: {} has no {} here", array->name,
                         shape_text(array->shape), expected.layer, part.substr(1)));
      }
      place(*array, *mean, true);
    }
  }

  void place(const NamedArray& array, const Slot& slot, bool folded = false) {
    if (array.type != "<f4" && array.type != "<f8") {
      fail(fmt::format("array '{}': type '{}' found, expected float32 or float64 ('<f4', '<f8')",
                       array.name, array.type));
    }
    if (array.shape != slot.shape) {
      const char* axes = slot.shape.size() == 2   ? " (outputs × inputs)"
                         : slot.shape.size() == 4 ? " (filters × channels × height × width)"
                                                  : "";
      fail(fmt::format("array '{}': shape {} found, expected {}{} for {}", array.name,
                       shape_text(array.shape), shape_text(slot.shape), axes, slot.name));
    }
    placements_.push_back({&array, &slot, folded});
  }

  std::string file_;
  std::vector<NamedArray> arrays_;
  std::vector<std::string> left_over_;  ///< names and shapes
  const std::vector<Slot>& slots_;
  std::vector<ArrayPlace> placements_;
};

}  // namespace

template <class Real>
std::vector<NamedArray> named_weights(const std::vector<ParameterBlock>& blocks,
                                      std::span<const Real> w, std::span<const double> statistics) {
  std::vector<NamedArray> arrays;
  for (const auto& slot : slots_of(blocks)) {
    const auto begin = static_cast<std::size_t>(slot.offset);
    const auto count = static_cast<std::size_t>(slot.count());
    NamedArray array{slot.name, "<f8", slot.shape, {}};
    if (slot.statistic) {
      const auto part = statistics.subspan(begin, count);
      array.values.assign(part.begin(), part.end());
    } else {
      if (sizeof(Real) == sizeof(float)) array.type = "<f4";
      const auto part = w.subspan(begin, count);
      array.values.assign(part.begin(), part.end());
    }
    arrays.push_back(std::move(array));
  }
  return arrays;
}

template <class Real>
void assign_weights(const std::string& file, const std::vector<NamedArray>& arrays,
                    const std::vector<ParameterBlock>& blocks, std::span<Real> w,
                    std::span<double> statistics) {
  const auto slots = slots_of(blocks);
  Matching matching(file, arrays, slots);
  auto placements = matching.run();
  // Biases that are folded come after the means that they move.
  std::stable_partition(placements.begin(), placements.end(),
                        [](const ArrayPlace& placement) { return !placement.folded; });
  for (const auto& [array, slot, folded] : placements) {
    const bool variance = slot->statistic && part_of(slot->name) == kVariance;
    for (std::size_t i = 0; i < array->values.size(); ++i) {
      const double value = array->values[i];
      const std::size_t at = static_cast<std::size_t>(slot->offset) + i;
      const bool fits = std::isfinite(slot->statistic ? value : static_cast<Real>(value));
      if (!fits || (variance && value < 0.0)) {
        matching.fail(fmt::format("array '{}': value {} is {}, expected {}", array->name, i, value,
                                  fits ? "a variance, at least 0" : "a finite number"));
      }
      if (folded) {
        statistics[at] -= value;
      } else if (slot->statistic) {
        statistics[at] = value;
      } else {
        w[at] = static_cast<Real>(value);
      }
    }
  }
}

template std::vector<NamedArray> named_weights(const std::vector<ParameterBlock>&,
                                               std::span<const float>, std::span<const double>);
template std::vector<NamedArray> named_weights(const std::vector<ParameterBlock>&,
                                               std::span<const double>, std::span<const double>);
template void assign_weights(const std::string&, const std::vector<NamedArray>&,
                             const std::vector<ParameterBlock>&, std::span<float>,
                             std::span<double>);
template void assign_weights(const std::string&, const std::vector<NamedArray>&,
                             const std::vector<ParameterBlock>&, std::span<double>,
                             std::span<double>);

}  // namespace thalweg
