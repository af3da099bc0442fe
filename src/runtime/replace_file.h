// Small files that are replaced whole: configuration and offsets. After a crash or a power cut at
// any point a reader finds the old or the new contents, never a mixture and never nothing
// (invariant I14, museum M07).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_function.h"
#include "runtime/file_system.h"

namespace rmq::runtime {

// Writes name.tmp, syncs it, keeps the present file as name.bak (as Apache RocketMQ does), renames
// the new one into place and syncs the directory. Durable when it returns. One caller at a time
// for each name.
Result<void> ReplaceFile(Context& ctx, Directory& directory, std::string_view name,
                         std::string_view contents);

// Reads `name` and gives it to `parse`; if it is missing, or `parse` refuses it, does the same with
// name.bak. Returns which file was taken, or "" when neither exists. When files exist but all are
// refused: the first refusal, naming the file.
Result<std::string> LoadReplacedFile(Context& ctx, Directory& directory, std::string_view name,
                                     UniqueFunction<Result<void>(std::string_view)> parse);

// kResourceExhausted above `max_bytes`.
Result<std::string> ReadWholeFile(Context& ctx, Directory& directory, std::string_view name,
                                  uint64_t max_bytes = 256 * 1024 * 1024);
// The same by its path, absolute or below the current directory.
Result<std::string> ReadWholeFile(Context& ctx, FileSystem& files, std::string_view path,
                                  uint64_t max_bytes = 256 * 1024 * 1024);

}  // namespace rmq::runtime
