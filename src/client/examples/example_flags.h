// The flags of the examples: --namesrv, --topic, --group, --count.
#pragma once

#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

struct ExampleFlags {
  std::string namesrv = "127.0.0.1:9876";
  std::string topic = "TopicTest";
  std::string group = "example";
  int count = 10;
};

// Takes "--name value" and "--name=value"; prints what there is and exits on anything else.
inline ExampleFlags ParseExampleFlags(int argc, char** argv) {
  ExampleFlags flags;
  for (int i = 1; i < argc; ++i) {
    std::string name = argv[i];
    std::string value;
    if (const size_t equals = name.find('='); equals != std::string::npos) {
      value = name.substr(equals + 1);
      name.resize(equals);
    } else if (i + 1 < argc) {
      value = argv[++i];
    }
    if (name == "--namesrv") {
      flags.namesrv = value;
    } else if (name == "--topic") {
      flags.topic = value;
    } else if (name == "--group") {
      flags.group = value;
    } else if (name == "--count") {
      flags.count = std::atoi(value.c_str());
    } else {
      std::cerr << "usage: " << argv[0]
                << " [--namesrv host:port] [--topic name] [--group name] [--count n]\n";
      std::exit(2);
    }
  }
  return flags;
}
