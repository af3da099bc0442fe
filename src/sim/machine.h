// Machine is what stays when processes die: a name, an address, a wall clock and a disk.
//
// It is down between a power cut and the next start of a process on it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/endpoint.h"
#include "base/hash.h"
#include "sim/sim_clock.h"

namespace rmq::sim {

class Disk;

class Machine {
 public:
  // `number` is unique in the simulation.
  Machine(std::string name, uint32_t number, IpAddress ip);
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  const std::string& name() const { return name_; }
  uint32_t number() const { return number_; }
  const IpAddress& ip() const { return ip_; }
  // The hash of the name, for draws.
  uint64_t object() const { return object_; }
  MachineClock& clock() { return clock_; }
  Disk& disk() { return *disk_; }
  bool up() const { return up_; }

  // --- for Simulation ---
  void SetDisk(std::unique_ptr<Disk> disk);
  void set_up(bool up) { up_ = up; }

 private:
  const std::string name_;
  const uint32_t number_;
  const IpAddress ip_;
  const uint64_t object_;
  MachineClock clock_;
  std::unique_ptr<Disk> disk_;
  bool up_ = true;
};

}  // namespace rmq::sim
