// What every Runtime must do, whatever world it belongs to: some hundreds of small cases, each a
// function that runs as a fiber of the runtime's main executor and reports through GoogleTest.
// A world's own test registers them all:
//
//   int main(int argc, char** argv) {
//     testing::InitGoogleTest(&argc, argv);
//     RegisterConformanceTests("Real", ConformanceCases(),
//                              [](const ConformanceCase& each) { … each.run(ctx, env); … });
//     return RUN_ALL_TESTS();
//   }
//
// No case sleeps longer than some milliseconds, and none says how long a thing may take at most.
// None relies on the order in which fibers that are ready at the same time run.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "runtime/runtime.h"

namespace rmq::runtime {

struct ConformanceEnv {
  Runtime& runtime;
  // An empty directory, or the name of one that can be made: used by this case alone.
  std::string scratch;
  // Where the cases listen and connect.
  IpAddress address = IpAddress::Loopback();
};

struct ConformanceCase {
  std::string area;
  std::string name;
  std::function<void(Context&, ConformanceEnv&)> run;
};

std::vector<ConformanceCase> ConformanceCases();

// Makes a GoogleTest test "<world><area>.<name>" of each case. `run` brings up a runtime and an
// environment for it.
void RegisterConformanceTests(const std::string& world, std::vector<ConformanceCase> cases,
                              std::function<void(const ConformanceCase&)> run);

}  // namespace rmq::runtime
