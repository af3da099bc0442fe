#include "runtime/replace_file.h"

#include <fmt/format.h>

#include <optional>

#include "runtime/file_path.h"

namespace rmq::runtime {
namespace {

// A missing file is not an error here: there is nothing to keep on the first write.
Result<void> KeepAsBackup(Context& ctx, Directory& directory, std::string_view name) {
  Result<void> renamed = directory.Rename(ctx, name, directory, fmt::format("{}.bak", name));
  if (!renamed.has_value() && renamed.error().code() == ErrorCode::kNotFound) return {};
  return renamed;
}

}  // namespace

Result<void> ReplaceFile(Context& ctx, Directory& directory, std::string_view name,
                         std::string_view contents) {
  const std::string temporary = fmt::format("{}.tmp", name);
  {
    RMQ_TRY(const auto file, directory.Open(ctx, temporary, OpenMode::kCreate));
    RMQ_TRY(file->Truncate(ctx, 0));
    RMQ_TRY(WriteFully(ctx, *file, 0, AsBytes(contents)));
    RMQ_TRY(file->SyncAll(ctx));
  }
  RMQ_TRY(KeepAsBackup(ctx, directory, name));
  RMQ_TRY(directory.Rename(ctx, temporary, directory, name));
  return directory.Sync(ctx);
}

Result<std::string> ReadWholeFile(Context& ctx, Directory& directory, std::string_view name,
                                  uint64_t max_bytes) {
  RMQ_TRY(const auto file, directory.Open(ctx, name, OpenMode::kRead));
  RMQ_TRY(const uint64_t size, file->Size(ctx));
  if (size > max_bytes) {
    return Fail(
        ErrorCode::kResourceExhausted,
        fmt::format("{}/{}: {} bytes, more than {}", directory.path(), name, size, max_bytes));
  }
  std::string contents(size, '\0');
  RMQ_TRY(ReadFully(ctx, *file, 0, std::as_writable_bytes(std::span(contents))));
  return contents;
}

Result<std::string> ReadWholeFile(Context& ctx, FileSystem& files, std::string_view path,
                                  uint64_t max_bytes) {
  RMQ_TRY(const auto directory, files.OpenDirectory(ctx, DirectoryOf(path), /*create=*/false));
  return ReadWholeFile(ctx, *directory, NameOf(path), max_bytes);
}

Result<std::string> LoadReplacedFile(Context& ctx, Directory& directory, std::string_view name,
                                     UniqueFunction<Result<void>(std::string_view)> parse) {
  std::optional<Error> refusal;
  for (const std::string& candidate : {std::string(name), fmt::format("{}.bak", name)}) {
    const Result<std::string> contents = ReadWholeFile(ctx, directory, candidate);
    if (!contents.has_value()) {
      if (contents.error().code() == ErrorCode::kNotFound) continue;
      return Fail(contents.error());
    }
    const Result<void> parsed = parse(*contents);
    if (parsed.has_value()) return candidate;
    if (!refusal) {
      refusal = WithContext(parsed.error(), fmt::format("{}/{}", directory.path(), candidate));
    }
  }
  if (refusal) return Fail(*refusal);
  return std::string();
}

}  // namespace rmq::runtime
