#include "settings/settings.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "support/scratch.hpp"

namespace thalweg {
namespace {

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const ConfigurationError& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
    return error.what();
  }
  return "nothing was thrown";
}

void expect_has(const std::string& message, const std::string& part) {
  EXPECT_NE(message.find(part), std::string::npos) << "\"" << part << "\" is not in: " << message;
}

constexpr const char* kStudy = R"(
[study]
name = "a"

[optimizer]
type = "sgd"
learning_rate = 0.1
steps = 100

[[run]]
name = "small"
train.batch = 16

[[run]]
name = "large"
[run.optimizer]
learning_rate = 1
)";

TEST(Settings, ReadsValuesAndDefaults) {
  const Settings root = Settings::parse(kStudy, "s.toml");
  const Settings optimizer = root.table("optimizer");
  EXPECT_EQ(optimizer.string("type", "adam"), "sgd");
  EXPECT_EQ(optimizer.number("learning_rate", 1.0), 0.1);
  EXPECT_EQ(optimizer.number("steps", 0.0), 100.0) << "an integer is read where a float is wanted";
  EXPECT_EQ(optimizer.number("momentum", 0.9), 0.9);
  EXPECT_EQ(root.table("absent").table("deeper").integer("x", 7), 7);
  EXPECT_TRUE(root.table("absent").tables("probe").empty());
  EXPECT_EQ(root.tables("run").size(), 2U);
  EXPECT_TRUE(optimizer.has("steps"));
  EXPECT_FALSE(optimizer.has("stops"));
}

TEST(Settings, WrongTypesNameFileLineKeyFoundAndExpected) {
  const Settings root = Settings::parse(
      "[a]\nx = \"fast\"\ny = 1.0\nz = [1, \"b\"]\nt = 2020-01-01\nb = 1\n", "s.toml");
  const Settings a = root.table("a");
  EXPECT_EQ(message_of([&] { (void)a.number("x", 0); }),
            "s.toml:2: [a] x: found the string \"fast\", expected a number");
  EXPECT_EQ(message_of([&] { (void)a.integer("y", 0); }),
            "s.toml:3: [a] y: found the float 1.0, expected an integer");
  expect_has(message_of([&] { (void)a.integers("z", {}); }), "s.toml:4: [a] z:");
  expect_has(message_of([&] { (void)a.string("t", ""); }), "expected a string");
  expect_has(message_of([&] { (void)a.boolean("b", false); }),
             "found the integer 1, expected true or false");
  expect_has(message_of([&] { (void)a.table("x"); }), "expected a table");
  expect_has(message_of([&] { (void)root.integer("a", 1); }),
             "s.toml:1: a: found a table, expected an integer");
  expect_has(message_of([&] { (void)root.tables("a"); }), "[[a]]");
}

TEST(Settings, BoundsAndChoicesSayWhatIsAllowed) {
  const Settings root = Settings::parse("n = 0\nx = -1.0\ninf = inf\nc = \"adm\"\n", "s.toml");
  EXPECT_EQ(message_of([&] { (void)root.integer_at_least("n", 1, 1); }),
            "s.toml:1: n: found 0, expected an integer of at least 1");
  expect_has(message_of([&] { (void)root.positive("x", 1.0); }),
             "s.toml:2: x: found -1.0, expected a finite number greater than 0");
  expect_has(message_of([&] { (void)root.positive("inf", 1.0); }), "found inf");
  expect_has(message_of([&] { (void)root.number_at_least("x", 0.0, 1.0); }), "at least 0.0");
  const std::string choice = message_of([&] {
    (void)root.choice("c", {"sgd", "adam", "nesterov"}, "sgd");
  });
  EXPECT_EQ(
      choice,
      "s.toml:4: c: found \"adm\", expected one of sgd, adam, nesterov; did you mean 'adam'?");
  EXPECT_EQ(message_of([&] { root.fail("n", "is too small"); }), "s.toml:1: n: is too small");
  EXPECT_EQ(message_of([&] { root.table("none").fail("k", "is missing"); }),
            "s.toml: [none] k: is missing");
}

TEST(Settings, UnknownKeysAndTablesNameLineAndNearest) {
  const auto check = [](const std::string& text) {
    const Settings root = Settings::parse(text, "s.toml");
    (void)root.table("optimizer").number("learning_rate", 0.1);
    (void)root.table("optimizer").string("type", "sgd");
    for (const auto& run : root.tables("run"))
      (void)root.with(run).table("optimizer").number("momentum", 0.0);
    return message_of([&] { root.reject_unknown(); });
  };
  EXPECT_EQ(check("[optimizer]\ntype = \"sgd\"\n[[run]]\noptimizer.momentum = 0.5\n"),
            "nothing was thrown");
  const std::string key = check("[optimizer]\ntype = \"sgd\"\nlearning_rat = 0.1\n");
  expect_has(key, "s.toml:3: unknown key [optimizer] learning_rat; did you mean 'learning_rate'?");
  expect_has(check("\n[optimiser]\ntype = \"sgd\"\n"),
             "s.toml:2: unknown table [optimiser]; did you mean 'optimizer'?");
  expect_has(check("[[run]]\n[[run]]\noptimizer.momentun = 0.5\n"),
             "s.toml:3: unknown key [run.1.optimizer] momentun; did you mean 'momentum'?");
  expect_has(check("zzzzzzzz = 1\n[optimizer]\nq = 2\n"),
             "s.toml:1: unknown key zzzzzzzz (known here");
}

TEST(Settings, SyntaxErrorsNameTheLine) {
  expect_has(message_of([] { (void)Settings::parse("a = 1\nb = = 2\n", "s.toml"); }),
             "s.toml:2: not valid TOML");
  expect_has(message_of([] { (void)Settings::parse("a = 1\na = 2\n", "s.toml"); }), "s.toml:2");
}

TEST(Settings, LettersBeyondAsciiStandInQuotesAndCommentsOnly) {
  const Settings root = Settings::parse(
      "a = \"ö\" # ö \"\n'b.ü' = ['ß', '''ä''', \"\"\"\\\"\"ö\n\"\"\"\"]\n", "s.toml");
  EXPECT_EQ(root.string("a", ""), "ö");
  EXPECT_EQ(root.strings("b.ü", {}), (std::vector<std::string>{"ß", "ä", "\"\"ö\n\""}));
  for (const char* stray : {"a = 1\nö = 2\n", "a = \"x\"\nb = Û", "a = 1\nb = 'c' Û"}) {
    expect_has(message_of([&] { (void)Settings::parse(stray, "s.toml"); }),
               "s.toml:2: not valid TOML");
  }
  const Settings given = Settings::parse("", "s.toml", {"data.path=größe"});
  EXPECT_EQ(given.table("data").string("path", ""), "größe");
}

TEST(Settings, WhatTomlppDoesNotExpectIsRefused) {
  for (const char* text : {"[[?]]\n", "[?]", "[[ö]]", "[[[0[[\"ö\"U", "a = 1\"ö"}) {
    expect_has(message_of([&] { (void)Settings::parse(text, "s.toml"); }), "not valid TOML");
  }
  expect_has(message_of([] { (void)Settings::parse("", "s.toml", {"a={?=1}"}); }), "--set a={?=1}");
}

TEST(Settings, ArgumentsOverrideTheFile) {
  const Settings root = Settings::parse(
      kStudy, "s.toml",
      {"optimizer.learning_rate=0.5", "optimizer.type=nesterov", "run.0.train.batch=8",
       "new.table.x=[1, 2]", "data.path=/some/where", "study.name=\"b c\""});
  EXPECT_EQ(root.table("optimizer").number("learning_rate", 0), 0.5);
  EXPECT_EQ(root.table("optimizer").string("type", ""), "nesterov");
  EXPECT_EQ(root.tables("run")[0].table("train").integer("batch", 0), 8);
  EXPECT_EQ(root.table("new").table("table").integers("x", {}), (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(root.table("data").string("path", ""), "/some/where");
  EXPECT_EQ(root.table("study").string("name", ""), "b c");
}

TEST(Settings, ArgumentErrorsNameTheArgument) {
  const auto parse = [](const std::string& argument) {
    return message_of([&] { (void)Settings::parse(kStudy, "s.toml", {argument}); });
  };
  expect_has(parse("optimizer"), "--set optimizer: expected KEY=VALUE");
  expect_has(parse("run.7.name=x"), "--set run.7.name=x: [[run]] has 2 tables");
  expect_has(parse("run.name=x"), "--set run.name=x: [[run]] is an array of tables");
  expect_has(parse("optimizer.type.x=1"),
             "--set optimizer.type.x=1: optimizer.type is not a table");
  expect_has(parse("a..b=1"), "a part of the key is empty");
  expect_has(parse("a=[1"), "--set a=[1: not a TOML value");
  expect_has(parse("a="), "--set a=:");
  const Settings root = Settings::parse(kStudy, "s.toml", {"optimizer.steps=many"});
  EXPECT_EQ(message_of([&] { (void)root.table("optimizer").integer("steps", 1); }),
            "--set optimizer.steps=many: [optimizer] steps: found the string \"many\", expected an "
            "integer");
}

TEST(Settings, RunsLieOverTheStudyAndKeepTheirLines) {
  const Settings root = Settings::parse(kStudy, "s.toml");
  const auto runs = root.tables("run");
  const Settings small = root.with(runs.at(0));
  const Settings large = root.with(runs.at(1));
  EXPECT_EQ(small.table("optimizer").number("learning_rate", 0), 0.1);
  EXPECT_EQ(small.table("train").integer("batch", 64), 16);
  EXPECT_EQ(large.table("optimizer").number("learning_rate", 0), 1.0);
  EXPECT_EQ(large.table("optimizer").string("type", ""), "sgd");
  EXPECT_EQ(large.table("train").integer("batch", 64), 64);
  expect_has(message_of([&] { large.table("optimizer").fail("learning_rate", "is large"); }),
             "s.toml:17: [run.1.optimizer] learning_rate");
  expect_has(message_of([&] { large.table("optimizer").fail("type", "is dull"); }),
             "s.toml:6: [optimizer] type");
}

/// Everything that the study above reads, as text.
std::string read_all(const Settings& root) {
  std::string all = root.table("study").string("name", "none") + ";";
  for (const auto& run : root.tables("run")) {
    const Settings merged = root.with(run);
    const Settings optimizer = merged.table("optimizer");
    const std::string name = run.string("name", "");
    const double rate = optimizer.number("learning_rate", 0.1);
    // The default of momentum differs from run to run.
    all += fmt::format("{}:{}:{}:{}:{}:{};", name, optimizer.string("type", ""),
                       std::bit_cast<std::uint64_t>(rate),
                       optimizer.number("momentum", name == "large" ? 0.9 : 0.0),
                       merged.table("train").integer("batch", 64), optimizer.integer("steps", 1));
  }
  for (const auto& text :
       root.table("odd").strings("texts", {"tab\t", "quote\"", "back\\", "\x01", "größe"})) {
    all += text + ",";
  }
  for (const double x :
       root.table("odd").numbers("numbers", {0.1, 1e300, 5e-324, -0.0, 1.0, 1e-7, 12345678.9})) {
    all += std::to_string(std::bit_cast<std::uint64_t>(x)) + ",";
  }
  all += std::to_string(root.table("odd").table("key with blank").boolean("on", true));
  return all;
}

TEST(Settings, ResolvedTextReadsBackToTheSameValues) {
  const Settings first =
      Settings::parse(kStudy, "s.toml", {"optimizer.learning_rate=0.30000000000000004"});
  const std::string values = read_all(first);
  first.reject_unknown();
  const std::string text = first.resolved();
  expect_has(text, "learning_rate = 0.30000000000000004\n");
  const Settings second = Settings::parse(text, "resolved.toml");
  EXPECT_EQ(read_all(second), values) << text;
  second.reject_unknown();
  EXPECT_EQ(second.resolved(), text) << "writing is a fixed point";
  const Settings again =
      Settings::parse(kStudy, "s.toml", {"optimizer.learning_rate=0.30000000000000004"});
  (void)read_all(again);
  EXPECT_EQ(again.resolved(), text);
}

TEST(Settings, ValuesOutliveTheParsedText) {
  std::vector<Settings> kept;
  {
    const std::string text = kStudy;
    kept.push_back(Settings::parse(text, "s.toml").table("optimizer"));
  }
  EXPECT_EQ(kept.front().string("type", ""), "sgd");
}

TEST(Settings, ExpectedPathsThatAreNotThereAreNamedWithTheirKey) {
  const testing_support::Scratch scratch;
  std::ofstream(scratch.file("table.csv")) << "1,2";
  const Settings settings =
      Settings::parse("[data]\npath = \"x\"\n[[run]]\ntrain.initial = \"y\"\n", "s.toml");
  settings.table("data").expect_file("path", scratch.file("table.csv"));
  settings.table("data").expect_folder("path", scratch.path());
  settings.reject_missing_paths();
  const auto complaint = [&](auto expect) {
    const Settings other =
        Settings::parse("[data]\npath = \"x\"\n[[run]]\ntrain.initial = \"y\"\n", "s.toml");
    expect(other);
    return message_of([&] { other.reject_missing_paths(); });
  };
  const std::string absent = scratch.file("absent");
  EXPECT_EQ(complaint([&](const Settings& s) { s.table("data").expect_folder("path", absent); }),
            "s.toml:2: [data] path: " + absent + ": No such file or directory, expected a folder");
  // Of a run's own table, at its own line.
  expect_has(complaint([&](const Settings& s) {
               s.with(s.tables("run")[0]).table("train").expect_file("initial", absent);
             }),
             "s.toml:4: [run.0.train] initial: " + absent);
  expect_has(
      complaint([&](const Settings& s) { s.table("data").expect_file("path", scratch.path()); }),
      "is a folder, expected a file");
  expect_has(complaint([&](const Settings& s) {
               s.table("data").expect_folder("path", scratch.file("table.csv"));
             }),
             "is a file, expected a folder");
  // A file in the way of a folder on the path.
  expect_has(complaint([&](const Settings& s) {
               s.table("data").expect_file("path", scratch.file("table.csv/below"));
             }),
             "expected a file");
}

}  // namespace
}  // namespace thalweg
