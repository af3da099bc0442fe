#include "wire/request_code.h"

namespace rmq::wire {

std::string_view RequestCodeName(int32_t code) {
  switch (static_cast<RequestCode>(code)) {
#define RMQ_CASE(name, number, apache_name) \
  case RequestCode::name:                   \
    return #apache_name;
    RMQ_REQUEST_CODES(RMQ_CASE)
#undef RMQ_CASE
  }
  return "UNKNOWN";
}

}  // namespace rmq::wire
