#include "studies/key_tables.hpp"

#include <algorithm>
#include <utility>

#include "data/data_settings.hpp"
#include "models/model_settings.hpp"
#include "objectives/analytic/objective_settings.hpp"
#include "optimizers/optimizer_settings.hpp"
#include "runs/probe_cadence.hpp"
#include "runs/train_settings.hpp"
#include "studies/completion/completion_settings.hpp"
#include "studies/width/width_settings.hpp"

namespace thalweg {

namespace {

void append(std::vector<Key>& keys, const std::vector<Key>& more) {
  keys.insert(keys.end(), more.begin(), more.end());
}

/// `type`, which every table of kinds has.
template <class AnyKind>
Key type_key(const std::vector<AnyKind>& kinds, const std::string& text) {
  KeyRange range;
  for (const auto& kind : kinds) range.words.push_back(kind.name);
  return {"type", kinds.front().name, range, text};
}

std::vector<Key> probe_keys(const ProbeKind& kind) {
  std::vector<Key> keys{type_key(probe_kinds(), "what is measured"),
                        {"name", kind.name, {}, "in the record"}};
  append(keys, kind.keys);
  if (kind.is_of_curvature) append(keys, curvature_keys(ProbeSubject::network));
  if (!kind.draws || !kind.keys.empty()) {  // what never draws has no keys
    keys.push_back(same_draws_key());
  }
  append(keys, cadence_keys());
  append(keys, sample_keys(kind.name));
  return keys;
}

std::vector<KeyTable> all_tables() {
  std::vector<KeyTable> tables;
  tables.push_back({"data", false, "", "", data_keys()});
  tables.push_back({"model", false, "", "", model_keys()});
  for (const auto& kind : objective_kinds()) {
    std::vector<Key> keys{type_key(objective_kinds(), "what is minimised")};
    append(keys, common_objective_keys());
    append(keys, kind.keys);
    tables.push_back({"objective", false, kind.name, kind.text, std::move(keys)});
  }
  for (const auto& kind : optimizer_kinds()) {
    std::vector<Key> keys{type_key(optimizer_kinds(), "what steps"), learning_rate_key(kind)};
    append(keys, keys_of(kind));
    tables.push_back({"optimizer", false, kind.name, kind.text, std::move(keys)});
  }
  tables.push_back({"schedule", false, "", "", schedule_keys()});
  std::vector<Key> train{precision_key(), epochs_key(), steps_key()};
  append(train, train_keys());
  tables.push_back({"train", false, "network", "of runs on a network", std::move(train)});
  tables.push_back(
      {"train", false, "objective", "of runs on an [objective]", objective_train_keys()});
  tables.push_back({"train", false, "completion", "of kind completion", completion_train_keys()});
  std::vector<Key> width{precision_key()};
  append(width, width_train_keys());
  tables.push_back({"train", false, "width", "of kind width", std::move(width)});
  for (const auto& kind : probe_kinds()) {
    tables.push_back({"probe", true, kind.name, kind.text, probe_keys(kind)});
  }
  return tables;
}

bool is_alike(const Key& a, const Key& b) {
  return a.name == b.name && a.type() == b.type() && a.default_text() == b.default_text() &&
         a.bounds() == b.bounds() && a.condition() == b.condition() && a.text == b.text;
}

}  // namespace

const std::vector<KeyTable>& key_tables() {
  static const std::vector<KeyTable> tables = all_tables();
  return tables;
}

std::vector<DocumentedKey> documented_keys() {
  std::vector<DocumentedKey> documented;
  for (const auto& table : key_tables()) {
    for (const auto& key : table.keys) {
      const std::string name = table.table + "." + key.name;
      auto known = std::find_if(documented.begin(), documented.end(), [&](const auto& one) {
        return one.name == name && is_alike(one.key, key);
      });
      if (known == documented.end()) {
        documented.push_back({name, key, {}, false});
        known = documented.end() - 1;
      }
      if (!table.type.empty()) known->types.push_back(table.type);
    }
  }
  for (auto& one : documented) {
    const auto types =
        std::count_if(key_tables().begin(), key_tables().end(), [&](const KeyTable& table) {
          return one.name.starts_with(table.table + ".") && !table.type.empty();
        });
    one.of_all_types = types == static_cast<std::ptrdiff_t>(one.types.size());
  }
  // All entries of a key stand together, where the first one does.
  std::vector<DocumentedKey> ordered;
  for (const auto& one : documented) {
    const auto is_known = [&](const DocumentedKey& before) { return before.name == one.name; };
    if (std::any_of(ordered.begin(), ordered.end(), is_known)) continue;
    std::copy_if(documented.begin(), documented.end(), std::back_inserter(ordered), is_known);
  }
  return ordered;
}

}  // namespace thalweg
