#include "probes/probe_settings.hpp"

#include <fmt/format.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "probes/curvature_probe.hpp"
#include "settings/plain_name.hpp"

namespace thalweg {

namespace {

CurvatureMatrix matrix_named(const std::string& name) {
  if (name == "gauss_newton") return CurvatureMatrix::gauss_newton;
  if (name == "empirical_fisher") return CurvatureMatrix::empirical_fisher;
  return CurvatureMatrix::hessian;
}

std::vector<ProbeKind> kinds_for(ProbeSubject subject) {
  std::vector<ProbeKind> kinds;
  for (const auto& kind : probe_kinds()) {
    if (subject == ProbeSubject::network || kind.subject == subject) kinds.push_back(kind);
  }
  return kinds;
}

}  // namespace

std::vector<Key> curvature_keys(ProbeSubject subject) {
  std::vector<std::string> matrices{"hessian"};
  if (subject == ProbeSubject::network) {
    matrices.insert(matrices.end(), {"gauss_newton", "empirical_fisher"});
  }
  return {{"matrix", std::string("hessian"), {.words = matrices}, "which matrix"},
          {"block", std::string(), {}, "of a layer or a block of parameters alone; \"\": whole"}};
}

Key same_draws_key() {
  return {"same_draws", false, {}, "whether all runs draw alike, by the study's seed"};
}

NamedProbe read_named_probe(const Settings& table, DrawSeeds seeds, ProbeSubject subject,
                            std::set<std::string>& names) {
  const auto kinds = kinds_for(subject);
  const ProbeKind& kind = named_kind(kinds, table);
  NamedProbe named;
  named.type = kind.name;
  named.name = table.string("name", named.type);
  if (!names.insert(named.name).second) {
    table.fail("name", fmt::format("two probes are called '{}'", named.name));
  }
  if (!is_plain_name(named.name)) {
    table.fail("name",
               fmt::format("found \"{}\", expected at most 100 letters, digits, '_', '-' and '.'",
                           named.name));
  }
  const Values values(table, kind.keys);
  values.refuse_idle(table, kind.keys);
  if (kind.check) kind.check(values, table);
  if (!kind.draws || kind.draws(values)) {
    const bool same = Values(table, {same_draws_key()}).boolean("same_draws");
    named.draw_seed = same ? seeds.study : seeds.run;
  }
  auto probe = kind.make(values, named.draw_seed.value_or(0));
  if (!kind.is_of_curvature) {
    named.probe = std::move(probe);
    return named;
  }
  const Values curvature(table, curvature_keys(subject));
  named.probe = std::make_shared<CurvatureProbe>(
      std::move(probe), matrix_named(curvature.string("matrix")), curvature.string("block"));
  return named;
}

}  // namespace thalweg
