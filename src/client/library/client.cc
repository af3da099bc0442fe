#include "rocketmq/client.h"

#include "client/library/client_impl.h"

namespace rocketmq {

Result<Client> Client::Create(ClientOptions options) {
  auto engine = internal::Engine::Start(std::move(options));
  if (!engine) return engine.error();
  return Client(std::make_shared<internal::ClientImpl>(*std::move(engine)));
}

Result<void> Client::Close() {
  return impl_->engine().Close();
}

const std::string& Client::client_id() const {
  return impl_->engine().client_id();
}

}  // namespace rocketmq
