#include "broker/broker_config.h"

namespace rmq::broker {

void AddIgnoredBrokerKeys(wire::ConfigSchema& schema) {
  schema.AddIgnored("brokerRole", wire::ConfigType::kString, "ASYNC_MASTER");
  schema.AddIgnored("deleteWhen", wire::ConfigType::kString, "04");
  schema.AddIgnored("fileReservedTime", wire::ConfigType::kInt, "72");
}

}  // namespace rmq::broker
