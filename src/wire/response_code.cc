#include "wire/response_code.h"

namespace rmq::wire {

std::string_view ResponseCodeName(int32_t code) {
  switch (static_cast<ResponseCode>(code)) {
#define RMQ_CASE(name, number, apache_name) \
  case ResponseCode::name:                  \
    return #apache_name;
    RMQ_RESPONSE_CODES(RMQ_CASE)
#undef RMQ_CASE
  }
  return "UNKNOWN";
}

}  // namespace rmq::wire
