// TCP of the operating system. Streams and listeners belong to the EventLoop of the fiber that made
// them.
#pragma once

#include "real/worker_pool.h"
#include "runtime/network.h"

namespace rmq::real {

class RealNetwork final : public runtime::Network {
 public:
  RealNetwork() = default;

  Result<std::unique_ptr<runtime::Listener>> Listen(Context& ctx, Endpoint at) override;
  Result<std::unique_ptr<runtime::Stream>> Connect(Context& ctx, Endpoint to) override;
  Result<std::vector<IpAddress>> Resolve(Context& ctx, std::string_view host) override;
  IpAddress LocalAddress() const override;

 private:
  // Apart from the disk's pool: a name server that doesn't answer holds a thread for half a minute.
  WorkerPool resolvers_{2};
};

}  // namespace rmq::real
