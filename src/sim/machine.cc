#include "sim/machine.h"

#include "sim/disk.h"

namespace rmq::sim {

Machine::Machine(std::string name, uint32_t number, IpAddress ip)
    : name_(std::move(name)), number_(number), ip_(ip), object_(StableHash(name_)) {}

Machine::~Machine() = default;

void Machine::SetDisk(std::unique_ptr<Disk> disk) {
  disk_ = std::move(disk);
}

}  // namespace rmq::sim
