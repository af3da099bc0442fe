// Links are the wires between machines, one for each direction, and what is wrong with them.
#pragma once

#include <cstdint>

#include "base/time.h"
#include "sim/machine.h"

namespace rmq::sim {

// How the network behaves by itself. What is "one in n" never happens while n is 0. Calm as it
// stands: all delays constant, no faults, windows large enough for most tests.
struct NetworkOptions {
  // Each direction of each pair of machines draws its own, for the whole run.
  nanoseconds least_latency = microseconds(50);
  nanoseconds most_latency = microseconds(200);
  nanoseconds loopback_latency = microseconds(5);
  nanoseconds mean_jitter{0};
  uint64_t bytes_per_second = 0;  // of each link; 0: no limit
  // Bytes that a connection takes before somebody reads them; drawn, small ones as often as large.
  uint64_t least_window = 256 * 1024;
  uint64_t most_window = 256 * 1024;
  uint32_t backlog = 128;  // connections that wait for Accept
  // A sender that hears nothing for so long gives its connection up.
  nanoseconds least_give_up = seconds(60);
  nanoseconds most_give_up = seconds(900);

  uint32_t short_count_one_in = 0;     // a read or write does less than it could
  uint32_t loss_one_in = 0;            // a segment comes after one or more retransmissions
  uint32_t clog_one_in = 0;            // a link carries nothing for a while
  nanoseconds mean_clog = seconds(1);  // how long
  uint32_t reset_one_in = 0;           // a connection breaks after some bytes of some direction
  uint64_t mean_bytes_to_reset = 16 * 1024;
  uint32_t refuse_one_in = 0;         // a connect
  uint32_t slow_connect_one_in = 0;   // its first packet is lost
  uint32_t no_descriptor_one_in = 0;  // an accept fails with kResourceExhausted
  uint32_t quiet_death_one_in = 0;    // a killed process's connection ends instead of resetting
  uint32_t drop_unread_one_in = 0;    // a reset takes what was received but not read

  // All of the above, at odds under which a good program still makes progress.
  static NetworkOptions Stormy() {
    NetworkOptions stormy;
    stormy.most_latency = milliseconds(5);
    stormy.mean_jitter = microseconds(100);
    stormy.least_window = 512;
    stormy.most_window = 4 * 1024 * 1024;
    stormy.backlog = 8;
    stormy.short_count_one_in = 4;
    stormy.loss_one_in = 500;
    stormy.clog_one_in = 5000;
    stormy.reset_one_in = 20;
    stormy.refuse_one_in = 50;
    stormy.slow_connect_one_in = 50;
    stormy.no_descriptor_one_in = 100;
    stormy.quiet_death_one_in = 2;
    stormy.drop_unread_one_in = 2;
    return stormy;
  }
};

// One direction of a pair of machines.
struct Link {
  Machine* from = nullptr;
  Machine* to = nullptr;
  uint64_t object = 0;  // for draws
  nanoseconds latency{0};
  nanoseconds mean_jitter{0};
  uint64_t bytes_per_second = 0;
  uint32_t loss_one_in = 0;
  bool partitioned = false;
  Tick clogged_until;
  Tick busy_until;  // sending what was sent before, under a limit of bytes per second

  bool Carries(Tick now) const { return !partitioned && now >= clogged_until && to->up(); }
};

}  // namespace rmq::sim
