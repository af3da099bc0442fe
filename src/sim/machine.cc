#include "sim/machine.h"

namespace rmq::sim {

Machine::Machine(std::string name, uint32_t number, IpAddress ip)
    : name_(std::move(name)), number_(number), ip_(ip), object_(StableHash(name_)) {}

Machine::~Machine() = default;

}  // namespace rmq::sim
