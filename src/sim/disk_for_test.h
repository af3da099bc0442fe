// A Disk without a simulation around it, and short words for what tests do with it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/disk.h"

namespace rmq::sim {

class TestDiskHost final : public DiskHost {
 public:
  explicit TestDiskHost(uint64_t seed) : draws_(seed, hash_) {}
  Tick Now() const override { return now; }
  Draws& draws() override { return draws_; }
  TraceHash& hash() override { return hash_; }

  Tick now;

 private:
  TraceHash hash_;
  Draws draws_;
};

// One disk and one process that uses it directly.
struct TestDisk {
  explicit TestDisk(uint64_t seed = 1, DiskOptions options = {}) : host(seed) {
    disk = std::make_unique<Disk>("machine", options, host);
  }
  TestDisk(uint64_t seed, DiskPersonality personality)
      : TestDisk(seed, DiskOptions{.personality = personality}) {}

  DiskHandle Root() { return disk->OpenPath("", false).value(); }
  DiskHandle Directory(std::string_view path) { return disk->OpenPath(path, true).value(); }
  DiskHandle Open(std::string_view path) {
    const size_t slash = path.rfind('/');
    const DiskHandle at = slash == path.npos ? Root() : Directory(path.substr(0, slash));
    return disk->OpenFile(at, path.substr(slash + 1), runtime::OpenMode::kCreate).value();
  }
  // A file that is durable with its name.
  DiskHandle DurableFile(std::string_view name, std::string_view text = "") {
    disk->WriteFile(name, text);
    return Open(name);
  }
  Result<size_t> TryWrite(const DiskHandle& file, uint64_t at, std::string_view text) {
    const Slice slice = AsBytes(text);
    return disk->Write(file, at, {&slice, 1}, text.size());
  }
  void Write(const DiskHandle& file, uint64_t at, std::string_view text) {
    ASSERT_EQ(TryWrite(file, at, text).value(), text.size());
  }
  void Sync(DiskHandle& file) { ASSERT_TRUE(disk->SyncFile(file, false).has_value()); }
  void SyncRoot() { ASSERT_TRUE(disk->SyncDirectory(Root()).has_value()); }
  std::string Text(std::string_view path) { return disk->ReadFile(path).value(); }
  Result<std::string> Read(const DiskHandle& file, uint64_t at, size_t size) {
    std::string text(size, '\0');
    RMQ_TRY(const size_t read,
            disk->Read(file, at, {reinterpret_cast<std::byte*>(text.data()), size}));
    text.resize(read);
    return text;
  }

  TestDiskHost host;
  std::unique_ptr<Disk> disk;
};

inline constexpr DiskPersonality kAllPersonalities[] = {
    DiskPersonality::kStrict, DiskPersonality::kExt4, DiskPersonality::kXfs,
    DiskPersonality::kLying};
// Those that keep the promise of a sync.
inline constexpr DiskPersonality kHonestPersonalities[] = {
    DiskPersonality::kStrict, DiskPersonality::kExt4, DiskPersonality::kXfs};

}  // namespace rmq::sim
