// From errno to Error.
#pragma once

#include <string_view>

#include "base/result.h"

namespace rmq::real {

// `what` names object and operation: "store/commitlog/00000000000000000000: write at 4096".
// The symbol of `number` is added.
Error SystemError(int number, std::string_view what);

}  // namespace rmq::real
