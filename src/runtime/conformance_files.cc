// Files: positional reads and writes, sizes, syncs.
#include <gmock/gmock.h>

#include <array>

#include "runtime/conformance_tools.h"

namespace rmq::runtime::conformance {
namespace {

constexpr char kArea[] = "File";

// A file to play with, in a directory that lives as long.
struct Play {
  Play(Context& ctx, Env& env, std::string_view contents = {})
      : directory(Scratch(ctx, env)), file(MakeFile(ctx, *directory, "f", contents)) {}
  std::unique_ptr<Directory> directory;
  std::unique_ptr<File> file;
};

std::string ReadPart(Context& ctx, File& file, uint64_t at, size_t count) {
  std::string text(count, '\0');
  Must(ReadFully(ctx, file, at, std::as_writable_bytes(std::span(text))));
  return text;
}

std::string Zeros(size_t count) {
  return std::string(count, '\0');
}

Cases Reading() {
  return {
      {kArea, "WhatWasWrittenIsRead",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env, "hello");
         EXPECT_EQ(Contents(ctx, *play.file), "hello");
       }},
      {kArea, "ReadsArePositional",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env, "0123456789");
         EXPECT_EQ(ReadPart(ctx, *play.file, 7, 3), "789");
         EXPECT_EQ(ReadPart(ctx, *play.file, 2, 3), "234");
       }},
      {kArea, "AReadAcrossTheEndIsShort",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env, "abc");
         std::array<std::byte, 10> into{};
         EXPECT_EQ(Must(play.file->ReadAt(ctx, 1, into)), 2U);
         EXPECT_EQ(AsText(into).substr(0, 2), "bc");
         EXPECT_EQ(into[2], std::byte{0});
       }},
      {kArea, "AReadAtTheEndIsEmpty",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env, "abc");
         std::array<std::byte, 10> into{};
         EXPECT_EQ(Must(play.file->ReadAt(ctx, 3, into)), 0U);
       }},
      {kArea, "AReadFarBeyondTheEndIsEmpty",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env, "abc");
         std::array<std::byte, 10> into{};
         EXPECT_EQ(Must(play.file->ReadAt(ctx, uint64_t{1} << 40, into)), 0U);
       }},
      {kArea, "AReadIntoNothingIsEmpty",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env, "abc");
         EXPECT_EQ(Must(play.file->ReadAt(ctx, 0, {})), 0U);
       }},
      {kArea, "ReadFullyBeyondTheEndIsCorruption",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env, "abc");
         std::array<std::byte, 4> into{};
         EXPECT_EQ(Outcome(ReadFully(ctx, *play.file, 0, into)), "Corruption");
       }},
      {kArea, "EightMegabytesAreReadBack",
       [](Context& ctx, Env& env) {
         const std::string text = Pattern(8 << 20);
         const Play play(ctx, env, text);
         EXPECT_TRUE(Contents(ctx, *play.file) == text);
         EXPECT_TRUE(ReadPart(ctx, *play.file, 12'345, 5 << 20) == text.substr(12'345, 5 << 20));
       }},
      {kArea, "AHundredReadersAtOnce",
       [](Context& ctx, Env& env) {
         const std::string text = Pattern(100'000);
         const Play play(ctx, env, text);
         int intact = 0;
         TaskGroup group(ctx);
         for (size_t i = 0; i < 100; ++i) {
           group.Spawn("reads", [&, i](Context& own) {
             intact += ReadPart(own, *play.file, i * 1000, 1000) == text.substr(i * 1000, 1000);
           });
         }
         group.Wait();
         EXPECT_EQ(intact, 100);
       }},
  };
}

Cases Writing() {
  return {
      {kArea, "AWriteInTheMiddleReplaces",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env, "0123456789");
         Must(WriteFully(ctx, *play.file, 3, AsBytes("abc")));
         EXPECT_EQ(Contents(ctx, *play.file), "012abc6789");
       }},
      {kArea, "AWriteAcrossTheEndGrowsTheFile",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env, "0123");
         Must(WriteFully(ctx, *play.file, 2, AsBytes("abcd")));
         EXPECT_EQ(Contents(ctx, *play.file), "01abcd");
         EXPECT_EQ(Must(play.file->Size(ctx)), 6U);
       }},
      {kArea, "AHoleReadsAsZeros",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env, "a");
         Must(WriteFully(ctx, *play.file, 10'000, AsBytes("b")));
         EXPECT_EQ(Contents(ctx, *play.file), "a" + Zeros(9'999) + "b");
       }},
      {kArea, "OffsetsBeyondFourGigabytesWork",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env);
         const uint64_t at = 5'000'000'000;
         Must(WriteFully(ctx, *play.file, at, AsBytes("far away")));
         EXPECT_EQ(Must(play.file->Size(ctx)), at + 8);
         EXPECT_EQ(ReadPart(ctx, *play.file, at - 4, 12), Zeros(4) + "far away");
       }},
      {kArea, "SlicesAreWrittenOneAfterTheOther",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env);
         const std::array<Slice, 4> slices{AsBytes("ab"), AsBytes(""), AsBytes("c"),
                                           AsBytes("def")};
         Must(WriteFully(ctx, *play.file, 1, slices));
         EXPECT_EQ(Contents(ctx, *play.file), Zeros(1) + "abcdef");
       }},
      {kArea, "ThousandsOfSlicesAreWritten",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env);
         const std::string text = Pattern(3000);
         std::vector<Slice> slices;
         for (size_t i = 0; i < text.size(); ++i) slices.push_back(AsBytes(text).subspan(i, 1));
         Must(WriteFully(ctx, *play.file, 0, slices));
         EXPECT_EQ(Contents(ctx, *play.file), text);
       }},
      {kArea, "WritingNothingDoesNothing",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env, "abc");
         const std::array<Slice, 2> empty{};
         EXPECT_EQ(Must(play.file->WriteAt(ctx, 100, empty)), 0U);
         EXPECT_EQ(Must(play.file->WriteAt(ctx, 100, {})), 0U);
         EXPECT_EQ(Must(play.file->Size(ctx)), 3U);
       }},
      {kArea, "AWriteSaysHowMuchItTook",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env);
         const Slice slice = AsBytes("0123456789");
         const size_t written = Must(play.file->WriteAt(ctx, 0, {&slice, 1}));
         EXPECT_GE(written, 1U);
         EXPECT_EQ(Must(play.file->Size(ctx)), written);
       }},
      {kArea, "AHundredWritersAtDifferentPlaces",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env);
         const std::string text = Pattern(100'000);
         TaskGroup group(ctx);
         for (size_t i = 0; i < 100; ++i) {
           group.Spawn("writes", [&, i](Context& own) {
             Must(WriteFully(own, *play.file, i * 1000, AsBytes(text).subspan(i * 1000, 1000)));
           });
         }
         group.Wait();
         EXPECT_EQ(Contents(ctx, *play.file), text);
       }},
      {kArea, "AThousandAppends",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env);
         std::string all;
         for (int i = 0; i < 1000; ++i) {
           const std::string line = std::to_string(i) + "\n";
           Must(WriteFully(ctx, *play.file, all.size(), AsBytes(line)));
           all += line;
         }
         EXPECT_EQ(Contents(ctx, *play.file), all);
       }},
      {kArea, "TwoHandlesSeeEachOthersBytes",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env, "one");
         const auto other = Must(play.directory->Open(ctx, "f", OpenMode::kReadWrite));
         Must(WriteFully(ctx, *other, 3, AsBytes(" two")));
         EXPECT_EQ(Contents(ctx, *play.file), "one two");
         Must(play.file->Truncate(ctx, 1));
         EXPECT_EQ(Contents(ctx, *other), "o");
       }},
  };
}

Cases Sizes() {
  return {
      {kArea, "ANewFileIsEmpty",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env);
         EXPECT_EQ(Must(play.file->Size(ctx)), 0U);
         EXPECT_EQ(Contents(ctx, *play.file), "");
       }},
      {kArea, "TruncateCuts",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env, "0123456789");
         Must(play.file->Truncate(ctx, 4));
         EXPECT_EQ(Must(play.file->Size(ctx)), 4U);
         EXPECT_EQ(Contents(ctx, *play.file), "0123");
       }},
      {kArea, "TruncateToNothingEmpties",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env, "0123456789");
         Must(play.file->Truncate(ctx, 0));
         EXPECT_EQ(Contents(ctx, *play.file), "");
       }},
      {kArea, "TruncateAddsZeros",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env, "ab");
         Must(play.file->Truncate(ctx, 5));
         EXPECT_EQ(Contents(ctx, *play.file), "ab" + Zeros(3));
       }},
      {kArea, "WhatTruncateCutComesBackAsZeros",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env, "0123456789");
         Must(play.file->Truncate(ctx, 3));
         Must(play.file->Truncate(ctx, 10));
         EXPECT_EQ(Contents(ctx, *play.file), "012" + Zeros(7));
       }},
      {kArea, "WhatTruncateCutStaysZeroUnderALaterWrite",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env, "0123456789");
         Must(play.file->Truncate(ctx, 3));
         Must(WriteFully(ctx, *play.file, 6, AsBytes("x")));
         EXPECT_EQ(Contents(ctx, *play.file), "012" + Zeros(3) + "x");
       }},
      {kArea, "TruncateToTheSameSizeChangesNothing",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env, "abc");
         Must(play.file->Truncate(ctx, 3));
         EXPECT_EQ(Contents(ctx, *play.file), "abc");
       }},
      {kArea, "AllocateGrowsWithZeros",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env, "abc");
         Must(play.file->Allocate(ctx, 0, 8192));
         EXPECT_EQ(Must(play.file->Size(ctx)), 8192U);
         EXPECT_EQ(Contents(ctx, *play.file), "abc" + Zeros(8189));
       }},
      {kArea, "AllocateFarAwayGrowsTheFileToItsEnd",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env, "abc");
         Must(play.file->Allocate(ctx, 100'000, 10));
         EXPECT_EQ(Must(play.file->Size(ctx)), 100'010U);
         EXPECT_EQ(ReadPart(ctx, *play.file, 0, 6), "abc" + Zeros(3));
       }},
      {kArea, "AllocateNeverShrinks",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env, "0123456789");
         Must(play.file->Allocate(ctx, 2, 3));
         EXPECT_EQ(Contents(ctx, *play.file), "0123456789");
       }},
      {kArea, "AllocatedSpaceIsWritten",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env);
         Must(play.file->Allocate(ctx, 0, 10'000));
         Must(WriteFully(ctx, *play.file, 5'000, AsBytes("inside")));
         EXPECT_EQ(ReadPart(ctx, *play.file, 4'998, 10), Zeros(2) + "inside" + Zeros(2));
         EXPECT_EQ(Must(play.file->Size(ctx)), 10'000U);
       }},
      {kArea, "TruncateCutsAllocatedSpace",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env, "abc");
         Must(play.file->Allocate(ctx, 0, 10'000));
         Must(play.file->Truncate(ctx, 2));
         EXPECT_EQ(Contents(ctx, *play.file), "ab");
       }},
  };
}

Cases Syncs() {
  return {
      {kArea, "SyncDataKeepsWhatWasWritten",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env, "abc");
         EXPECT_EQ(Outcome(play.file->SyncData(ctx)), "ok");
         EXPECT_EQ(Contents(ctx, *play.file), "abc");
       }},
      {kArea, "SyncAllKeepsWhatWasWritten",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env, "abc");
         EXPECT_EQ(Outcome(play.file->SyncAll(ctx)), "ok");
         EXPECT_EQ(Contents(ctx, *play.file), "abc");
       }},
      {kArea, "SyncWithoutWritesSucceeds",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env);
         EXPECT_EQ(Outcome(play.file->SyncData(ctx)), "ok");
         EXPECT_EQ(Outcome(play.file->SyncData(ctx)), "ok");
       }},
      {kArea, "WritesGoOnDuringASync",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env, Pattern(500'000));
         TaskGroup group(ctx);
         group.Spawn("syncs", [&](Context& own) { Must(play.file->SyncData(own)); });
         group.Spawn("writes", [&](Context& own) {
           for (uint64_t i = 0; i < 50; ++i) {
             Must(WriteFully(own, *play.file, i * 10'000, AsBytes("!")));
           }
         });
         group.Wait();
         for (uint64_t i = 0; i < 50; ++i) {
           EXPECT_EQ(ReadPart(ctx, *play.file, i * 10'000, 1), "!");
         }
       }},
      {kArea, "SeveralFibersSyncAtOnce",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env, "abc");
         int synced = 0;
         TaskGroup group(ctx);
         for (int i = 0; i < 5; ++i) {
           group.Spawn("syncs",
                       [&](Context& own) { synced += play.file->SyncData(own).has_value(); });
         }
         group.Wait();
         EXPECT_EQ(synced, 5);
       }},
  };
}

Cases Modes() {
  return {
      {kArea, "ReadNeedsAFile",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         const auto file = directory->Open(ctx, "missing", OpenMode::kRead);
         ASSERT_EQ(Outcome(file), "NotFound");
         EXPECT_THAT(file.error().message(), testing::HasSubstr("missing"));
       }},
      {kArea, "ReadWriteNeedsAFile",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         EXPECT_EQ(Outcome(directory->Open(ctx, "missing", OpenMode::kReadWrite)), "NotFound");
         EXPECT_TRUE(Names(ctx, *directory).empty());
       }},
      {kArea, "CreateMakesAFile",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         const auto file = Must(directory->Open(ctx, "new", OpenMode::kCreate));
         Must(WriteFully(ctx, *file, 0, AsBytes("made")));
         EXPECT_EQ(Contents(ctx, *directory, "new"), "made");
       }},
      {kArea, "CreateKeepsWhatIsThere",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env, "kept");
         EXPECT_EQ(Contents(ctx, *Must(play.directory->Open(ctx, "f", OpenMode::kCreate))), "kept");
       }},
      {kArea, "ReadWriteKeepsWhatIsThere",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env, "kept");
         const auto file = Must(play.directory->Open(ctx, "f", OpenMode::kReadWrite));
         Must(WriteFully(ctx, *file, 4, AsBytes("!")));
         EXPECT_EQ(Contents(ctx, *file), "kept!");
       }},
      {kArea, "CreateNewRefusesAFileThatIsThere",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env, "kept");
         EXPECT_EQ(Outcome(play.directory->Open(ctx, "f", OpenMode::kCreateNew)), "AlreadyExists");
         EXPECT_EQ(Contents(ctx, *play.file), "kept");
       }},
      {kArea, "CreateNewRefusesADirectoryThatIsThere",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         Must(directory->OpenDirectory(ctx, "d", /*create=*/true));
         EXPECT_EQ(Outcome(directory->Open(ctx, "d", OpenMode::kCreateNew)), "AlreadyExists");
       }},
      {kArea, "ADirectoryIsNoFileToRead",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         Must(directory->OpenDirectory(ctx, "d", /*create=*/true));
         EXPECT_EQ(Outcome(directory->Open(ctx, "d", OpenMode::kRead)), "InvalidArgument");
       }},
      {kArea, "ADirectoryIsNoFileToCreate",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         Must(directory->OpenDirectory(ctx, "d", /*create=*/true));
         EXPECT_EQ(Outcome(directory->Open(ctx, "d", OpenMode::kCreate)), "InvalidArgument");
       }},
      {kArea, "AFileOpenedForReadingIsNotWritten",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env, "abc");
         const auto file = Must(play.directory->Open(ctx, "f", OpenMode::kRead));
         EXPECT_EQ(Outcome(WriteFully(ctx, *file, 0, AsBytes("x"))), "InvalidArgument");
         EXPECT_EQ(Contents(ctx, *file), "abc");
       }},
      {kArea, "AFileOpenedForReadingIsNotTruncated",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env, "abc");
         const auto file = Must(play.directory->Open(ctx, "f", OpenMode::kRead));
         EXPECT_EQ(Outcome(file->Truncate(ctx, 0)), "InvalidArgument");
         EXPECT_EQ(Must(file->Size(ctx)), 3U);
       }},
      {kArea, "AFileOpenedForReadingIsNotAllocated",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env, "abc");
         const auto file = Must(play.directory->Open(ctx, "f", OpenMode::kRead));
         EXPECT_EQ(Outcome(file->Allocate(ctx, 0, 100)), "InvalidArgument");
         EXPECT_EQ(Must(file->Size(ctx)), 3U);
       }},
      {kArea, "AFileOutlivesItsDirectory",
       [](Context& ctx, Env& env) {
         Play play(ctx, env, "abc");
         play.directory = nullptr;
         EXPECT_EQ(Contents(ctx, *play.file), "abc");
       }},
      {kArea, "ARemovedFileIsStillReadAndWritten",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env, "abc");
         Must(play.directory->Remove(ctx, "f"));
         Must(WriteFully(ctx, *play.file, 3, AsBytes("def")));
         Must(play.file->SyncData(ctx));
         EXPECT_EQ(Contents(ctx, *play.file), "abcdef");
         EXPECT_TRUE(Names(ctx, *play.directory).empty());
       }},
      {kArea, "ARenamedFileIsTheSameFile",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env, "abc");
         Must(play.directory->Rename(ctx, "f", *play.directory, "g"));
         Must(WriteFully(ctx, *play.file, 3, AsBytes("def")));
         EXPECT_EQ(Contents(ctx, *play.directory, "g"), "abcdef");
       }},
      {kArea, "ErrorsNameFileAndOperation",
       [](Context& ctx, Env& env) {
         const Play play(ctx, env, "abc");
         const auto file = Must(play.directory->Open(ctx, "f", OpenMode::kRead));
         const std::string message = WriteFully(ctx, *file, 77, AsBytes("x")).error().message();
         EXPECT_THAT(message, testing::HasSubstr(play.directory->path() + "/f"));
         EXPECT_THAT(message, testing::HasSubstr("write"));
         EXPECT_THAT(message, testing::HasSubstr("77"));
       }},
      {kArea, "AThousandFilesAreOpenedAndClosed",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         for (int i = 0; i < 1000; ++i) {
           const auto file = Must(directory->Open(ctx, "f", OpenMode::kCreate));
           Must(WriteFully(ctx, *file, static_cast<uint64_t>(i), AsBytes("x")));
         }
         EXPECT_EQ(Contents(ctx, *directory, "f"), std::string(1000, 'x'));
       }},
  };
}

}  // namespace

Cases FileCases() {
  Cases cases = Reading();
  for (auto* more : {&Writing, &Sizes, &Syncs, &Modes}) {
    std::ranges::move((*more)(), std::back_inserter(cases));
  }
  return cases;
}

}  // namespace rmq::runtime::conformance
