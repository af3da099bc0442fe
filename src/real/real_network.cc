#include "real/real_network.h"

#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "real/descriptor.h"
#include "real/event_loop.h"
#include "real/system_error.h"

namespace rmq::real {
namespace {

using runtime::Listener;
using runtime::Stream;

constexpr int kBacklog = 4096;          // The system lowers it to net.core.somaxconn.
constexpr size_t kSlicesPerCall = 128;  // They are copied onto the fiber's stack.

// --- addresses ---

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

SocketAddress ToSocketAddress(const Endpoint& endpoint) {
  SocketAddress address;
  if (endpoint.ip.v6) {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(endpoint.port);
    std::memcpy(&in.sin6_addr, endpoint.ip.bytes.data(), 16);
    std::memcpy(&address.storage, &in, sizeof in);
    address.size = sizeof in;
  } else {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(endpoint.port);
    std::memcpy(&in.sin_addr, endpoint.ip.bytes.data(), 4);
    std::memcpy(&address.storage, &in, sizeof in);
    address.size = sizeof in;
  }
  return address;
}

// A v4 peer of a v6 socket is shown as what it is.
Endpoint ToEndpoint(const sockaddr* address) {
  Endpoint endpoint;
  if (address->sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, address, sizeof in);
    std::memcpy(endpoint.ip.bytes.data(), &in.sin_addr, 4);
    endpoint.port = ntohs(in.sin_port);
  } else if (address->sa_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, address, sizeof in);
    const auto* bytes = reinterpret_cast<const uint8_t*>(&in.sin6_addr);
    endpoint.ip.v6 = !IN6_IS_ADDR_V4MAPPED(&in.sin6_addr);
    if (endpoint.ip.v6) {
      std::copy_n(bytes, 16, endpoint.ip.bytes.begin());
    } else {
      std::copy_n(bytes + 12, 4, endpoint.ip.bytes.begin());
    }
    endpoint.port = ntohs(in.sin6_port);
  }
  return endpoint;
}

Endpoint LocalEndpoint(int fd) {
  SocketAddress address;
  if (::getsockname(fd, address.get(), &address.size) != 0) return {};
  return ToEndpoint(address.get());
}

// --- sockets ---

void SetOption(int fd, int level, int option, int value) {
  (void)::setsockopt(fd, level, option, &value, sizeof value);
}

// From now on closing resets the connection.
void ResetOnClose(int fd) {
  const linger now{.l_onoff = 1, .l_linger = 0};
  (void)::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

Result<Descriptor> OpenSocket(EventLoop& loop, const Endpoint& endpoint, std::string_view verb) {
  const int family = endpoint.ip.v6 ? AF_INET6 : AF_INET;
  const int fd = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return Fail(SystemError(errno, fmt::format("{} {}", verb, endpoint.ToString())));
  return Descriptor::Watch(loop, fd);
}

// How a connect in progress stands: 0, EINPROGRESS, or why it failed.
int ConnectError(int fd) {
  int failed = 0;
  socklen_t size = sizeof failed;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &size) != 0) return errno;
  if (failed != 0) return failed;
  SocketAddress peer;
  if (::getpeername(fd, peer.get(), &peer.size) == 0) return 0;
  return errno == ENOTCONN ? EINPROGRESS : errno;
}

Result<void> Await(Context& ctx, Descriptor& descriptor, Descriptor::Direction direction) {
  runtime::Waiter waiter(ctx);
  descriptor.When(direction, [&waiter] { waiter.Wake(); });
  Result<void> waited = waiter.Wait();
  if (!waited.has_value()) descriptor.When(direction, nullptr);  // `waiter` is about to die.
  return waited;
}

// --- Stream ---

class RealStream final : public Stream {
 public:
  RealStream(Descriptor descriptor, Endpoint peer)
      : descriptor_(std::move(descriptor)), local_(LocalEndpoint(descriptor_.fd())), peer_(peer) {
    SetOption(descriptor_.fd(), IPPROTO_TCP, TCP_NODELAY, 1);
  }
  ~RealStream() override {
    if (!aborted_ && !write_closed_) ResetOnClose(descriptor_.fd());
  }

  Result<size_t> TryRead(std::span<std::byte> into) override;
  Result<size_t> TryWrite(std::span<const Slice> from) override;
  void WhenReadable(UniqueFunction<void()> ready) override {
    descriptor_.When(Descriptor::kRead, std::move(ready));
  }
  void WhenWritable(UniqueFunction<void()> ready) override {
    descriptor_.When(Descriptor::kWrite, std::move(ready));
  }
  void CloseWrite() override;
  void Abort() override;
  Endpoint local() const override { return local_; }
  Endpoint peer() const override { return peer_; }

 private:
  Error Broken(int number, std::string_view verb);

  Descriptor descriptor_;
  const Endpoint local_;
  const Endpoint peer_;
  bool aborted_ = false;
  bool write_closed_ = false;
  bool ended_ = false;   // the peer's end was read
  bool broken_ = false;  // the system has reported an error; it does so only once
};

Error RealStream::Broken(int number, std::string_view verb) {
  broken_ = true;
  return Error(ErrorCode::kConnectionReset,
               fmt::format("{} {}: {}", verb, peer_.ToString(), ::strerrorname_np(number)));
}

Result<size_t> RealStream::TryRead(std::span<std::byte> into) {
  if (aborted_) return Fail(ErrorCode::kClosed);
  for (;;) {
    const ssize_t read = ::recv(descriptor_.fd(), into.data(), into.size(), 0);
    if (read > 0) return static_cast<size_t>(read);
    if (read == 0) {
      // After a reset the system says "end": not to be taken for the peer's CloseWrite.
      if (broken_ && !ended_) return Fail(Broken(ECONNRESET, "read from"));
      ended_ = true;
      return 0;
    }
    if (errno == EAGAIN) return Fail(ErrorCode::kWouldBlock);
    if (errno != EINTR) return Fail(Broken(errno, "read from"));
  }
}

Result<size_t> RealStream::TryWrite(std::span<const Slice> from) {
  if (aborted_ || write_closed_) return Fail(ErrorCode::kClosed);
  std::array<iovec, kSlicesPerCall> vectors;
  size_t count = 0;
  for (const Slice slice : from) {
    if (slice.empty()) continue;
    vectors[count++] = {.iov_base = const_cast<std::byte*>(slice.data()), .iov_len = slice.size()};
    if (count == vectors.size()) break;
  }
  msghdr message{};
  message.msg_iov = vectors.data();
  message.msg_iovlen = count;
  for (;;) {
    const ssize_t written = ::sendmsg(descriptor_.fd(), &message, MSG_NOSIGNAL);
    if (written >= 0) return static_cast<size_t>(written);
    if (errno == EAGAIN) return Fail(ErrorCode::kWouldBlock);
    if (errno != EINTR) return Fail(Broken(errno, "write to"));
  }
}

void RealStream::CloseWrite() {
  if (aborted_ || write_closed_) return;
  write_closed_ = true;
  (void)::shutdown(descriptor_.fd(), SHUT_WR);  // This wakes who waits to write, too.
}

void RealStream::Abort() {
  if (aborted_) return;
  aborted_ = true;
  ResetOnClose(descriptor_.fd());
  descriptor_.Close();
}

// --- Listener ---

class RealListener final : public Listener {
 public:
  explicit RealListener(Descriptor descriptor)
      : descriptor_(std::move(descriptor)), local_(LocalEndpoint(descriptor_.fd())) {}

  Result<std::unique_ptr<Stream>> Accept(Context& ctx) override;
  Endpoint local() const override { return local_; }

 private:
  Descriptor descriptor_;
  const Endpoint local_;
};

// What accept() says about the connection it would have returned, not about the listener.
bool IsOfTheConnection(int number) {
  switch (number) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
    case ENONET:
    case EPERM:
      return true;
    default:
      return false;
  }
}

Result<std::unique_ptr<Stream>> RealListener::Accept(Context& ctx) {
  for (;;) {
    RMQ_TRY(ctx.Check());
    SocketAddress peer;
    const int fd =
        ::accept4(descriptor_.fd(), peer.get(), &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      RMQ_TRY(auto descriptor, Descriptor::Watch(EventLoop::Of(ctx), fd));
      return std::make_unique<RealStream>(std::move(descriptor), ToEndpoint(peer.get()));
    }
    if (errno == EAGAIN) {
      RMQ_TRY(Await(ctx, descriptor_, Descriptor::kRead));
    } else if (!IsOfTheConnection(errno)) {
      return Fail(SystemError(errno, fmt::format("accept on {}", local_.ToString())));
    }
  }
}

// --- names ---

Result<std::vector<IpAddress>> LookUp(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (failed != 0) {
    const bool unknown = failed == EAI_NONAME || failed == EAI_NODATA;
    return Fail(unknown ? ErrorCode::kNotFound : ErrorCode::kUnavailable,
                fmt::format("resolve {}: {}", host, ::gai_strerror(failed)));
  }
  std::vector<IpAddress> addresses;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    const IpAddress address = ToEndpoint(each->ai_addr).ip;
    if (std::ranges::find(addresses, address) == addresses.end()) addresses.push_back(address);
  }
  ::freeaddrinfo(found);
  return addresses;
}

// A look-up that its fiber may leave behind.
struct Resolution {
  runtime::Waiter* waiter = nullptr;  // of the loop's thread
  Result<std::vector<IpAddress>> addresses;
};

}  // namespace

Result<std::unique_ptr<Listener>> RealNetwork::Listen(Context& ctx, Endpoint at) {
  RMQ_TRY(ctx.Check());
  RMQ_TRY(auto descriptor, OpenSocket(EventLoop::Of(ctx), at, "listen on"));
  SetOption(descriptor.fd(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (at.ip.v6) SetOption(descriptor.fd(), IPPROTO_IPV6, IPV6_V6ONLY, 0);
  SocketAddress address = ToSocketAddress(at);
  if (::bind(descriptor.fd(), address.get(), address.size) != 0 ||
      ::listen(descriptor.fd(), kBacklog) != 0) {
    return Fail(SystemError(errno, fmt::format("listen on {}", at.ToString())));
  }
  return std::make_unique<RealListener>(std::move(descriptor));
}

Result<std::unique_ptr<Stream>> RealNetwork::Connect(Context& ctx, Endpoint to) {
  RMQ_TRY(ctx.Check());
  RMQ_TRY(auto descriptor, OpenSocket(EventLoop::Of(ctx), to, "connect to"));
  SocketAddress address = ToSocketAddress(to);
  int failed = ::connect(descriptor.fd(), address.get(), address.size) == 0 ? 0 : errno;
  while (failed == EINPROGRESS || failed == EINTR) {
    RMQ_TRY(Await(ctx, descriptor, Descriptor::kWrite));
    failed = ConnectError(descriptor.fd());
  }
  // A socket may meet itself when it is given the very port it asks for, and nobody listens there.
  if (failed == 0 && LocalEndpoint(descriptor.fd()) == to) failed = ECONNREFUSED;
  if (failed != 0) {
    Error error = SystemError(failed, fmt::format("connect to {}", to.ToString()));
    if (failed != EADDRNOTAVAIL) return Fail(std::move(error));
    return Fail(ErrorCode::kResourceExhausted, error.message());  // No free local port.
  }
  return std::make_unique<RealStream>(std::move(descriptor), to);
}

Result<std::vector<IpAddress>> RealNetwork::Resolve(Context& ctx, std::string_view host) {
  RMQ_TRY(ctx.Check());
  if (const auto numeric = IpAddress::Parse(host); numeric.has_value()) return {{*numeric}};
  runtime::Waiter waiter(ctx);
  auto resolution = std::make_shared<Resolution>();
  resolution->waiter = &waiter;
  resolvers_.Submit([resolution, host = std::string(host), &executor = ctx.executor()] {
    auto addresses = LookUp(host);
    executor.Post([resolution, addresses = std::move(addresses)]() mutable {
      if (resolution->waiter == nullptr) return;
      resolution->addresses = std::move(addresses);
      resolution->waiter->Wake();
    });
  });
  const Result<void> waited = waiter.Wait();
  resolution->waiter = nullptr;
  RMQ_TRY(waited);
  return std::move(resolution->addresses);
}

IpAddress RealNetwork::LocalAddress() const {
  IpAddress best = IpAddress::Loopback();
  ifaddrs* interfaces = nullptr;
  if (::getifaddrs(&interfaces) != 0) return best;
  for (const ifaddrs* each = interfaces; each != nullptr; each = each->ifa_next) {
    const bool usable = each->ifa_addr != nullptr && (each->ifa_flags & IFF_UP) != 0 &&
                        (each->ifa_flags & IFF_LOOPBACK) == 0;
    if (!usable || each->ifa_addr->sa_family != AF_INET) continue;
    best = ToEndpoint(each->ifa_addr).ip;
    break;
  }
  ::freeifaddrs(interfaces);
  return best;
}

}  // namespace rmq::real
