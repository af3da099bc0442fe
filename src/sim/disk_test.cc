// Disk as a file system: what processes see while nothing goes wrong.
#include "sim/disk.h"

#include "sim/disk_for_test.h"

namespace rmq::sim {
namespace {

using runtime::DirectoryEntry;
using runtime::OpenMode;
using testing::ElementsAre;

TEST(Disk, ReadsWhatWasWritten) {
  TestDisk t;
  const DiskHandle file = t.Open("log");
  t.Write(file, 0, "hello");
  t.Write(file, 5, " world");

  EXPECT_EQ(t.Read(file, 0, 100).value(), "hello world");
  EXPECT_EQ(t.Read(file, 6, 3).value(), "wor");
  EXPECT_EQ(t.Read(file, 11, 10).value(), "");
  EXPECT_EQ(t.disk->Size(file).value(), 11);
}

TEST(Disk, FillsGapsWithZeros) {
  TestDisk t;
  const DiskHandle file = t.Open("log");
  t.Write(file, 10'000, "end");

  EXPECT_EQ(t.Read(file, 9'998, 10).value(), std::string("\0\0end", 5));
  EXPECT_EQ(t.Read(file, 0, 4).value(), std::string(4, '\0'));
}

TEST(Disk, WritesAcrossPagesAndSectors) {
  TestDisk t;
  const DiskHandle file = t.Open("log");
  std::string text;
  for (int i = 0; text.size() < 20'000; ++i) text += std::to_string(i) + ",";
  t.Write(file, 300, text);

  EXPECT_EQ(t.Read(file, 300, 30'000).value(), text);
}

TEST(Disk, GathersSlicesUpToTheLimit) {
  TestDisk t;
  const DiskHandle file = t.Open("log");
  const Slice slices[] = {AsBytes("ab"), AsBytes(""), AsBytes("cdef")};

  EXPECT_EQ(t.disk->Write(file, 0, slices, 4).value(), 4);
  EXPECT_EQ(t.Text("log"), "abcd");
}

TEST(Disk, TruncatesAndGrowsWithZeros) {
  TestDisk t;
  const DiskHandle file = t.Open("log");
  t.Write(file, 0, std::string(9'000, 'x'));
  ASSERT_TRUE(t.disk->Truncate(file, 3).has_value());
  EXPECT_EQ(t.Text("log"), "xxx");
  ASSERT_TRUE(t.disk->Truncate(file, 5).has_value());
  EXPECT_EQ(t.Text("log"), std::string("xxx\0\0", 5));
  t.Write(file, 8'000, "y");
  EXPECT_EQ(t.Read(file, 4'096, 3'904).value(), std::string(3'904, '\0'));
}

TEST(Disk, AllocatesZerosWithoutTouchingBytes) {
  TestDisk t;
  const DiskHandle file = t.Open("log");
  t.Write(file, 0, "abc");
  ASSERT_TRUE(t.disk->Allocate(file, 0, 65'536).has_value());

  EXPECT_EQ(t.disk->Size(file).value(), 65'536);
  EXPECT_EQ(t.Read(file, 0, 5).value(), std::string("abc\0\0", 5));
  EXPECT_EQ(t.disk->used_bytes(), 65'536);
}

TEST(Disk, OpenModesDecideWhatMustExist) {
  TestDisk t;
  const DiskHandle root = t.Root();
  const auto code = [&](OpenMode mode) {
    return t.disk->OpenFile(root, "log", mode).error().code();
  };
  EXPECT_EQ(code(OpenMode::kRead), ErrorCode::kNotFound);
  EXPECT_EQ(code(OpenMode::kReadWrite), ErrorCode::kNotFound);
  EXPECT_TRUE(t.disk->OpenFile(root, "log", OpenMode::kCreateNew).has_value());
  EXPECT_EQ(code(OpenMode::kCreateNew), ErrorCode::kAlreadyExists);
  EXPECT_TRUE(t.disk->OpenFile(root, "log", OpenMode::kCreate).has_value());

  const DiskHandle reader = t.disk->OpenFile(root, "log", OpenMode::kRead).value();
  EXPECT_EQ(t.TryWrite(reader, 0, "x").error().code(), ErrorCode::kInvalidArgument);
}

TEST(Disk, RefusesBadNames) {
  TestDisk t;
  const std::string names[] = {"", ".", "..", "a/b", std::string("a\0b", 3), std::string(256, 'a')};
  for (const std::string& name : names) {
    EXPECT_EQ(t.disk->OpenFile(t.Root(), name, OpenMode::kCreate).error().code(),
              ErrorCode::kInvalidArgument);
    EXPECT_EQ(t.disk->OpenDirectory(t.Root(), name, true).error().code(),
              ErrorCode::kInvalidArgument);
    EXPECT_EQ(t.disk->Remove(t.Root(), name).error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(t.disk->Lock(t.Root(), name).error().code(), ErrorCode::kInvalidArgument);
  }
}

TEST(Disk, ListsSortedByName) {
  TestDisk t;
  t.Open("b");
  t.Directory("c/inner");
  t.Open("a");

  EXPECT_THAT(t.disk->List(t.Root()).value(),
              ElementsAre(DirectoryEntry{"a", false}, DirectoryEntry{"b", false},
                          DirectoryEntry{"c", true}));
  EXPECT_THAT(t.disk->ListFiles(), ElementsAre("a", "b"));
}

TEST(Disk, RenameReplacesTheTarget) {
  TestDisk t;
  t.Write(t.Open("new"), 0, "new");
  const DiskHandle old = t.Open("old");
  t.Write(old, 0, "old");
  ASSERT_TRUE(t.disk->Rename(t.Root(), "new", t.Root(), "old").has_value());

  EXPECT_THAT(t.disk->ListFiles(), ElementsAre("old"));
  EXPECT_EQ(t.Text("old"), "new");
  EXPECT_EQ(t.Read(old, 0, 3).value(), "old");  // The handle keeps its file.
  EXPECT_EQ(t.disk->Rename(t.Root(), "new", t.Root(), "x").error().code(), ErrorCode::kNotFound);
  EXPECT_TRUE(t.disk->Rename(t.Root(), "old", t.Root(), "old").has_value());
}

TEST(Disk, KeepsFilesAndDirectoriesApart) {
  TestDisk t;
  t.Directory("dir/inner");
  t.Open("file");
  const auto is_bad = [](const auto& result) {
    return result.error().code() == ErrorCode::kInvalidArgument;
  };
  EXPECT_TRUE(is_bad(t.disk->OpenFile(t.Root(), "dir", OpenMode::kCreate)));
  EXPECT_TRUE(is_bad(t.disk->OpenDirectory(t.Root(), "file", true)));
  EXPECT_TRUE(is_bad(t.disk->Rename(t.Root(), "file", t.Root(), "dir")));
  EXPECT_TRUE(is_bad(t.disk->Rename(t.Root(), "dir", t.Root(), "file")));
  EXPECT_TRUE(is_bad(t.disk->Remove(t.Root(), "dir")));  // Not empty.
  EXPECT_EQ(t.disk->OpenFile(t.Root(), "dir", OpenMode::kCreateNew).error().code(),
            ErrorCode::kAlreadyExists);
}

TEST(Disk, RemovedFilesLiveAsLongAsTheirHandles) {
  TestDisk t;
  DiskHandle file = t.Open("log");
  t.Write(file, 0, "abc");
  ASSERT_TRUE(t.disk->Remove(t.Root(), "log").has_value());
  t.SyncRoot();

  EXPECT_FALSE(t.disk->HasFile("log"));
  EXPECT_EQ(t.Read(file, 0, 3).value(), "abc");
  EXPECT_EQ(t.disk->used_bytes(), kPageSize);
  file = {};
  EXPECT_EQ(t.disk->used_bytes(), 0);
}

TEST(Disk, RemovedDirectoriesTakeNoMoreFiles) {
  TestDisk t;
  const DiskHandle directory = t.Directory("dir");
  ASSERT_TRUE(t.disk->Remove(t.Root(), "dir").has_value());

  EXPECT_EQ(t.disk->OpenFile(directory, "a", OpenMode::kCreate).error().code(),
            ErrorCode::kNotFound);
  EXPECT_EQ(t.disk->OpenPath("dir", false).error().code(), ErrorCode::kNotFound);
}

TEST(Disk, LocksAreExclusive) {
  TestDisk t;
  const DiskHandle lock = t.disk->Lock(t.Root(), "lock").value();
  EXPECT_EQ(t.disk->Lock(t.Root(), "lock").error().code(), ErrorCode::kAlreadyExists);
  t.disk->Unlock(lock);
  EXPECT_TRUE(t.disk->Lock(t.Root(), "lock").has_value());
  EXPECT_TRUE(t.disk->HasFile("lock"));
}

TEST(Disk, AHugeAllocationCostsNearNothing) {
  TestDisk t;
  const DiskHandle file = t.Open("log");
  ASSERT_TRUE(t.disk->Allocate(file, 0, uint64_t{1} << 30).has_value());
  t.Write(file, (uint64_t{1} << 30) - 3, "end");

  EXPECT_EQ(t.Read(file, (uint64_t{1} << 30) - 4, 10).value(), std::string("\0end", 4));
  EXPECT_TRUE(t.disk->Space("").value().available_bytes <
              t.disk->Space("").value().total_bytes - (1 << 30) + 1);
}

TEST(Disk, InspectionWritesDurableFiles) {
  TestDisk t;
  t.disk->WriteFile("store/config/topics.json", "{}");
  EXPECT_EQ(t.disk->ReadDurableFile("store/config/topics.json").value(), "{}");
  t.disk->CutPower();
  EXPECT_EQ(t.Text("/store/config/topics.json"), "{}");

  ASSERT_TRUE(t.disk->Corrupt("store/config/topics.json", 1, AsBytes("]")).has_value());
  EXPECT_EQ(t.Text("store/config/topics.json"), "{]");
  t.disk->CutPower();
  EXPECT_EQ(t.Text("store/config/topics.json"), "{]");
  EXPECT_EQ(t.disk->Corrupt("store/config/topics.json", 2, AsBytes("]")).error().code(),
            ErrorCode::kInvalidArgument);

  ASSERT_TRUE(t.disk->RemoveFile("store/config/topics.json").has_value());
  EXPECT_THAT(t.disk->ListDurableFiles(), ElementsAre());
}

TEST(Disk, AnImageIsTheDurableStateAndCanBePutBack) {
  TestDisk t;
  DiskHandle file = t.DurableFile("dir/log", "old");
  t.Write(file, 0, "new");
  const DiskImage image = t.disk->Image();
  t.Sync(file);
  t.disk->WriteFile("other", "x");
  t.disk->Restore(image);

  EXPECT_THAT(t.disk->ListFiles(), ElementsAre("dir/log"));
  EXPECT_EQ(t.Text("dir/log"), "old");
  EXPECT_EQ(t.disk->used_bytes(), kPageSize);
  EXPECT_EQ(t.TryWrite(file, 0, "x").error().code(), ErrorCode::kIoError);  // A stale handle.

  t.disk->Wipe();
  EXPECT_THAT(t.disk->ListFiles(), ElementsAre());
  EXPECT_EQ(t.disk->used_bytes(), 0);
}

}  // namespace
}  // namespace rmq::sim
