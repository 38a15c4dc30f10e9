// cupel_replay: the smallest program that replays an input of any linked target, for builds with a planted mutant.
//   cupel_replay [--target NAME] [--without ORACLE]... FILE
// Prints one JSON object; exits 0 whatever the verdict, 2 where the request is wrong.
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "fuzz/replay/replay.hh"

int main(int count, char** arguments) {
  std::string target, file;
  cupel::fuzz::ReplayOptions options;
  for (int index = 1; index < count; ++index) {
    const std::string word = arguments[index];
    if (word == "--target" && index + 1 < count) target = arguments[++index];
    else if (word == "--without" && index + 1 < count) options.without.emplace_back(arguments[++index]);
    else file = word;
  }
  auto input = cupel::fuzz::load_input(file, target);
  auto run = input ? cupel::fuzz::replay(*input, options) : std::unexpected(input.error());
  if (!run) {
    std::fprintf(stderr, "cupel_replay: %s\n", run.error().c_str());
    return 2;
  }
  const nlohmann::json said{{"verdict", run->verdict}, {"oracle", run->oracle}, {"call", run->call}, {"expected", run->expected}, {"got", run->got}};
  std::printf("%s\n", said.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}
