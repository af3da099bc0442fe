// What a power cut leaves. spec/sim/disk.md.
#include <fmt/format.h>

#include <set>

#include "sim/disk.h"
#include "sim/disk_for_test.h"

namespace rmq::sim {
namespace {

using testing::AnyOf;
using testing::Contains;
using testing::ElementsAre;
using testing::IsSubsetOf;
using testing::Not;
using testing::UnorderedElementsAre;

constexpr uint64_t kSeeds = 300;

std::string Sector(char fill) {
  return std::string(kSectorSize, fill);
}

// Runs `before` on a new disk, cuts the power, and collects what `after` sees, over all seeds.
template <typename Before, typename After>
auto Outcomes(DiskOptions options, Before before, After after) {
  std::set<decltype(after(std::declval<TestDisk&>()))> seen;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    TestDisk t(seed, options);
    before(t);
    t.disk->CutPower();
    seen.insert(after(t));
  }
  return seen;
}

std::vector<std::string> Files(TestDisk& t) {
  return t.disk->ListFiles();
}

// --- SIM-DISK-2, SIM-DISK-5: bytes ---

TEST(DiskPower, ProcessDeathLosesNothing) {
  TestDisk t;
  t.Write(t.Open("log"), 0, "abc");  // The handle is closed: there is nothing else to lose.
  EXPECT_EQ(t.Text("log"), "abc");
  EXPECT_EQ(t.disk->ReadDurableFile("log").error().code(), ErrorCode::kNotFound);
}

TEST(DiskPower, AnySubsetOfUnsyncedSectorsSurvives) {
  for (const DiskPersonality personality : kAllPersonalities) {
    const auto seen = Outcomes(
        {.personality = personality},
        [](TestDisk& t) {
          const DiskHandle file = t.DurableFile("log", Sector('0') + Sector('0'));
          t.Write(file, 0, Sector('1'));
          t.Write(file, kSectorSize, Sector('2'));
        },
        [](TestDisk& t) {
          const std::string text = t.Text("log");
          EXPECT_TRUE(text == std::string(kSectorSize, text[0]) +
                                  std::string(kSectorSize, text[kSectorSize]));
          return std::string{text[0], text[kSectorSize]};
        });
    EXPECT_THAT(seen, UnorderedElementsAre("00", "10", "02", "12"));
  }
}

TEST(DiskPower, ASectorMayHoldAnyVersionSinceTheLastSync) {
  for (const DiskPersonality personality : kAllPersonalities) {
    const auto seen = Outcomes(
        {.personality = personality},
        [](TestDisk& t) {
          const DiskHandle file = t.DurableFile("log", "0");
          for (const char* text : {"1", "2", "3", "4"}) t.Write(file, 0, text);
        },
        [](TestDisk& t) { return t.Text("log"); });
    EXPECT_THAT(seen, UnorderedElementsAre("0", "1", "2", "3", "4"));
  }
}

TEST(DiskPower, TheSlicesOfOneWriteMakeOneVersionOfASector) {
  const auto seen = Outcomes(
      {},
      [](TestDisk& t) {
        const DiskHandle file = t.DurableFile("log", "00");
        const Slice slices[] = {AsBytes("1"), AsBytes("2")};
        ASSERT_EQ(t.disk->Write(file, 0, slices, 2).value(), 2);
      },
      [](TestDisk& t) { return t.Text("log"); });
  EXPECT_THAT(seen, UnorderedElementsAre("00", "12"));
}

TEST(DiskPower, WhatIsBehindTheSurvivingEndIsGone) {
  const auto seen = Outcomes(
      {}, [](TestDisk& t) { t.Write(t.DurableFile("log", "0"), 1, std::string(9'000, 'x')); },
      [](TestDisk& t) {
        const size_t size = t.Text("log").size();
        EXPECT_TRUE(t.disk->Truncate(t.Open("log"), 20'000).has_value());
        EXPECT_EQ(t.Text("log").substr(size), std::string(20'000 - size, '\0'));
        return size;
      });
  EXPECT_THAT(seen, ElementsAre(1, 9'001));
}

TEST(DiskPower, SectorsWrittenManyTimesKeepTheirDurableAndNewestVersion) {
  const auto seen = Outcomes(
      {},
      [](TestDisk& t) {
        const DiskHandle file = t.DurableFile("log", "000");
        for (int i = 1; i <= 500; ++i) t.Write(file, 0, fmt::format("{:03}", i));
      },
      [](TestDisk& t) { return t.Text("log"); });
  EXPECT_THAT(seen, Contains("000"));
  EXPECT_THAT(seen, Contains("500"));
  EXPECT_LE(seen.size(), 9);
}

TEST(DiskPower, ALaterWriteMaySurviveAnEarlierOneOfAnotherFile) {
  for (const DiskPersonality personality : kAllPersonalities) {
    const auto seen = Outcomes(
        {.personality = personality},
        [](TestDisk& t) {
          const DiskHandle log = t.DurableFile("log", "0");
          const DiskHandle checkpoint = t.DurableFile("checkpoint", "0");
          t.Write(log, 0, "1");
          t.Write(checkpoint, 0, "1");
        },
        [](TestDisk& t) { return t.Text("log") + t.Text("checkpoint"); });
    EXPECT_THAT(seen, UnorderedElementsAre("00", "01", "10", "11"));
  }
}

TEST(DiskPower, LosingEverythingPendingIsTheDurableState) {
  TestDisk t;
  DiskHandle file = t.DurableFile("log", "old");
  t.Write(file, 0, "new and longer");
  t.Open("unnamed");
  t.disk->CutPowerLosingEverythingPending();

  EXPECT_THAT(Files(t), ElementsAre("log"));
  EXPECT_EQ(t.Text("log"), "old");
}

TEST(DiskPower, SwitchingOffInOrderLosesNothing) {
  TestDisk t;
  t.Write(t.Open("dir/log"), 0, "abc");
  t.disk->SyncEverything();
  t.disk->CutPowerLosingEverythingPending();
  EXPECT_EQ(t.Text("dir/log"), "abc");
}

// Writes, truncations, allocations and syncs at random, against a list of what the file was since
// the last sync: after the cut each sector must be that sector of one of them.
TEST(DiskPower, NeverInventsBytesAndNeverLosesSyncedOnes) {
  for (const DiskPersonality personality : kHonestPersonalities) {
    for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
      TestDisk t(seed, personality);
      DiskHandle file = t.DurableFile("log");
      std::vector<std::string> states = {""};
      const auto draw = [&](uint64_t bound) { return t.host.draws().Draw("test: op", 1, bound); };
      const uint64_t operations = 1 + draw(40);
      for (uint64_t i = 0; i < operations; ++i) {
        std::string state = states.back();
        const uint64_t kind = draw(10);
        if (kind == 0) {
          t.Sync(file);
          states = {state};
          continue;
        }
        if (kind == 1) {
          const uint64_t size = draw(12'000);
          ASSERT_TRUE(t.disk->Truncate(file, size).has_value());
          state.resize(size);
        } else if (kind == 2) {
          const uint64_t at = draw(12'000);
          const uint64_t length = 1 + draw(5'000);
          ASSERT_TRUE(t.disk->Allocate(file, at, length).has_value());
          state.resize(std::max<size_t>(state.size(), at + length));
        } else {
          const uint64_t at = draw(12'000);
          const std::string text(1 + draw(3'000), static_cast<char>('a' + i % 26));
          t.Write(file, at, text);
          if (state.size() < at + text.size()) state.resize(at + text.size());
          state.replace(at, text.size(), text);
        }
        states.push_back(state);
        ASSERT_EQ(t.Text("log"), state);
      }
      t.disk->CutPower();

      const std::string left = t.Text("log");
      std::set<size_t> sizes;
      for (const std::string& state : states) sizes.insert(state.size());
      EXPECT_THAT(sizes, Contains(left.size()));
      for (size_t at = 0; at < left.size(); at += kSectorSize) {
        const std::string sector = left.substr(at, kSectorSize);
        bool known = at >= states.front().size() && personality == DiskPersonality::kStrict;
        for (std::string state : states) {
          state.resize(std::max(state.size(), left.size()));
          known |= state.substr(at, sector.size()) == sector;
        }
        ASSERT_TRUE(known) << "seed " << seed << " sector at " << at;
      }
      if (states.size() == 1) {
        EXPECT_EQ(left, states.front());
      }
    }
  }
}

// --- SIM-DISK-8: sizes ---

TEST(DiskPower, SyncDataMakesTheSizeDurable) {
  for (const DiskPersonality personality : kHonestPersonalities) {
    const auto seen = Outcomes(
        {.personality = personality},
        [](TestDisk& t) {
          DiskHandle file = t.DurableFile("log", "a");
          t.Write(file, 1, "bc");
          t.Sync(file);
        },
        [](TestDisk& t) { return t.Text("log"); });
    EXPECT_THAT(seen, ElementsAre("abc"));
  }
}

TEST(DiskPower, StrictMayGrowAFileWithoutItsBytes) {
  const auto append = [](TestDisk& t) { t.Write(t.DurableFile("log"), 0, Sector('a')); };
  const auto text = [](TestDisk& t) { return t.Text("log"); };
  EXPECT_THAT(Outcomes({.personality = DiskPersonality::kStrict}, append, text),
              UnorderedElementsAre("", Sector('\0'), Sector('a')));
  EXPECT_THAT(Outcomes({.personality = DiskPersonality::kExt4}, append, text),
              UnorderedElementsAre("", Sector('a')));
  EXPECT_THAT(Outcomes({.personality = DiskPersonality::kXfs}, append, text),
              UnorderedElementsAre("", Sector('a')));
}

TEST(DiskPower, JournaledFilesHoldAllBytesUpToTheirAppendedSize) {
  for (const DiskPersonality personality : {DiskPersonality::kExt4, DiskPersonality::kXfs}) {
    std::string written;
    const auto seen = Outcomes(
        {.personality = personality},
        [&](TestDisk& t) {
          const DiskHandle file = t.DurableFile("log", "0");
          written = "0";
          for (int i = 0; i < 30; ++i) {
            const std::string record = fmt::format("record {} {}", i, std::string(90, 'x'));
            t.Write(file, written.size(), record);
            written += record;
          }
        },
        [](TestDisk& t) { return t.Text("log"); });
    EXPECT_GT(seen.size(), 5);
    for (const std::string& text : seen) EXPECT_TRUE(written.starts_with(text));
  }
}

TEST(DiskPower, AllocatedFilesMayHoldZerosBetweenWrittenSectors) {
  for (const DiskPersonality personality : kAllPersonalities) {
    const auto seen = Outcomes(
        {.personality = personality},
        [](TestDisk& t) {
          DiskHandle file = t.DurableFile("log");
          ASSERT_TRUE(t.disk->Allocate(file, 0, 65'536).has_value());
          t.disk->SyncEverything();
          t.Write(file, 0, Sector('a'));
          t.Write(file, kSectorSize, Sector('b'));
        },
        [](TestDisk& t) {
          const std::string text = t.Text("log");
          EXPECT_EQ(text.size(), 65'536);
          return std::string{text[0], text[kSectorSize]};
        });
    EXPECT_THAT(seen, Contains(std::string("\0b", 2)));
  }
}

TEST(DiskPower, StrictMayShowBytesOfDeletedFiles) {
  const auto reuse = [](TestDisk& t) {
    t.DurableFile("old", Sector('s'));
    ASSERT_TRUE(t.disk->Remove(t.Root(), "old").has_value());
    t.SyncRoot();
    t.Write(t.DurableFile("log"), 0, Sector('a'));
  };
  const auto text = [](TestDisk& t) { return t.Text("log"); };
  EXPECT_THAT(Outcomes({.personality = DiskPersonality::kStrict}, reuse, text),
              Contains(Sector('s')));
  EXPECT_THAT(Outcomes({.personality = DiskPersonality::kExt4}, reuse, text),
              Not(Contains(Sector('s'))));
}

TEST(DiskPower, AnUnsyncedTruncationMayBeUndone) {
  const auto rewrite = [](TestDisk& t) {
    const DiskHandle file = t.DurableFile("log", std::string(2 * kPageSize, 'o'));
    ASSERT_TRUE(t.disk->Truncate(file, 0).has_value());
    for (uint64_t at = 0; at < 2 * kPageSize; at += kSectorSize) t.Write(file, at, Sector('n'));
  };
  const auto letters = [](TestDisk& t) {
    const std::string text = t.Text("log");
    const std::set<char> set(text.begin(), text.end());
    return std::string(set.begin(), set.end());
  };
  // With a journal old and new bytes never mix: the truncation comes first, or not at all.
  EXPECT_THAT(Outcomes({.personality = DiskPersonality::kExt4}, rewrite, letters),
              UnorderedElementsAre("", "n", "o"));
  EXPECT_THAT(Outcomes({.personality = DiskPersonality::kXfs}, rewrite, letters),
              UnorderedElementsAre("", "n", "o"));
  EXPECT_THAT(Outcomes({.personality = DiskPersonality::kStrict}, rewrite, letters),
              Contains("no"));
}

// --- SIM-DISK-6, SIM-DISK-7, SIM-DISK-9: names ---

TEST(DiskPower, ASyncedFileMayHaveNoNameUnderStrict) {
  const auto write = [](TestDisk& t) {
    DiskHandle file = t.Open("log");
    t.Write(file, 0, "abc");
    t.Sync(file);
  };
  EXPECT_THAT(Outcomes({.personality = DiskPersonality::kStrict}, write, Files),
              UnorderedElementsAre(ElementsAre(), ElementsAre("log")));
  // A journal is committed up to the making of the file.
  EXPECT_THAT(Outcomes({.personality = DiskPersonality::kExt4}, write, Files),
              ElementsAre(ElementsAre("log")));
  EXPECT_THAT(Outcomes({.personality = DiskPersonality::kXfs}, write, Files),
              ElementsAre(ElementsAre("log")));
}

TEST(DiskPower, SyncedNamesSurvive) {
  for (const DiskPersonality personality : kHonestPersonalities) {
    const auto seen = Outcomes(
        {.personality = personality},
        [](TestDisk& t) {
          t.DurableFile("old");
          t.DurableFile("gone");
          t.Open("made");
          ASSERT_TRUE(t.disk->Rename(t.Root(), "old", t.Root(), "new").has_value());
          ASSERT_TRUE(t.disk->Remove(t.Root(), "gone").has_value());
          t.SyncRoot();
        },
        Files);
    EXPECT_THAT(seen, ElementsAre(ElementsAre("made", "new")));
  }
}

TEST(DiskPower, ARenameWithoutDirectorySyncMayBeUndone) {
  for (const DiskPersonality personality : kAllPersonalities) {
    const auto seen = Outcomes(
        {.personality = personality},
        [](TestDisk& t) {
          t.DurableFile("config", "old");
          t.DurableFile("config.tmp", "new");
          ASSERT_TRUE(t.disk->Rename(t.Root(), "config.tmp", t.Root(), "config").has_value());
        },
        [](TestDisk& t) { return t.Text("config"); });
    EXPECT_THAT(seen, UnorderedElementsAre("old", "new"));
  }
}

TEST(DiskPower, ReplacingAFileWithoutSyncMayLeaveItEmpty) {
  for (const DiskPersonality personality : kAllPersonalities) {
    const auto seen = Outcomes(
        {.personality = personality},
        [](TestDisk& t) {
          t.DurableFile("config", "old");
          t.Write(t.Open("config.tmp"), 0, "new");
          ASSERT_TRUE(t.disk->Rename(t.Root(), "config.tmp", t.Root(), "config").has_value());
        },
        [](TestDisk& t) { return t.Text("config"); });
    EXPECT_THAT(seen, IsSubsetOf(std::vector<std::string>{"", "old", "new", std::string(3, '\0')}));
    EXPECT_THAT(seen, Contains(""));
  }
}

TEST(DiskPower, NamesAppearInAnyOrderUnderStrictAndInTheirOwnInAJournal) {
  const auto make = [](TestDisk& t) {
    t.Open("1");
    t.Open("2");
  };
  EXPECT_THAT(Outcomes({.personality = DiskPersonality::kStrict}, make, Files),
              UnorderedElementsAre(ElementsAre(), ElementsAre("1"), ElementsAre("2"),
                                   ElementsAre("1", "2")));
  for (const DiskPersonality personality : {DiskPersonality::kExt4, DiskPersonality::kXfs}) {
    EXPECT_THAT(Outcomes({.personality = personality}, make, Files),
                UnorderedElementsAre(ElementsAre(), ElementsAre("1"), ElementsAre("1", "2")));
  }
}

TEST(DiskPower, AMoveBetweenDirectoriesHasTwoHalvesUnderStrict) {
  const auto move = [](TestDisk& t) {
    t.DurableFile("from/log");
    t.disk->WriteFile("to/other", "");
    ASSERT_TRUE(t.disk->Rename(t.Directory("from"), "log", t.Directory("to"), "log").has_value());
  };
  EXPECT_THAT(Outcomes({.personality = DiskPersonality::kStrict}, move, Files),
              UnorderedElementsAre(ElementsAre("from/log", "to/log", "to/other"),
                                   ElementsAre("from/log", "to/other"),
                                   ElementsAre("to/log", "to/other"), ElementsAre("to/other")));
  EXPECT_THAT(
      Outcomes({.personality = DiskPersonality::kExt4}, move, Files),
      UnorderedElementsAre(ElementsAre("from/log", "to/other"), ElementsAre("to/log", "to/other")));
}

TEST(DiskPower, ARemovedFileMayComeBackWithItsBytes) {
  for (const DiskPersonality personality : kAllPersonalities) {
    const auto seen = Outcomes(
        {.personality = personality},
        [](TestDisk& t) {
          t.DurableFile("log", "abc");
          ASSERT_TRUE(t.disk->Remove(t.Root(), "log").has_value());
        },
        [](TestDisk& t) { return t.disk->ReadFile("log").value_or("gone"); });
    EXPECT_THAT(seen, UnorderedElementsAre("abc", "gone"));
  }
}

TEST(DiskPower, OpeningAPathSyncsTheDirectoriesItMakes) {
  for (const DiskPersonality personality : kHonestPersonalities) {
    const auto seen = Outcomes(
        {.personality = personality}, [](TestDisk& t) { t.Directory("a/b"); },
        [](TestDisk& t) { return t.disk->OpenPath("a/b", false).has_value(); });
    EXPECT_THAT(seen, ElementsAre(true));
  }
}

TEST(DiskPower, SyncOfOneFileCommitsTheWholeJournalOfExt4AndAPartOfThatOfXfs) {
  const auto write = [](TestDisk& t) {
    DiskHandle first = t.Open("1");
    t.Open("2");
    t.Write(first, 0, "a");
    t.Sync(first);
  };
  EXPECT_THAT(Outcomes({.personality = DiskPersonality::kExt4}, write, Files),
              ElementsAre(ElementsAre("1", "2")));
  EXPECT_THAT(Outcomes({.personality = DiskPersonality::kXfs}, write, Files),
              UnorderedElementsAre(ElementsAre("1"), ElementsAre("1", "2")));
}

// --- SIM-DISK-10: a lying disk ---

TEST(DiskPower, ALyingDiskLosesWhatWasSyncedJustNow) {
  DiskOptions options{.personality = DiskPersonality::kLying, .lie = milliseconds(100)};
  const auto sync = [](TestDisk& t) {
    DiskHandle file = t.DurableFile("log", "old");
    t.Write(file, 0, "new");
    t.Sync(file);
  };
  const auto text = [](TestDisk& t) { return t.Text("log"); };
  EXPECT_THAT(Outcomes(options, sync, text), UnorderedElementsAre("old", "new"));
  EXPECT_THAT(Outcomes(
                  options,
                  [&](TestDisk& t) {
                    sync(t);
                    t.host.now = t.host.now + milliseconds(100);
                  },
                  text),
              ElementsAre("new"));
}

TEST(DiskPower, ALyingDiskKeepsTheBytesBeforeItsLies) {
  DiskOptions options{.personality = DiskPersonality::kLying, .lie = milliseconds(100)};
  const auto seen = Outcomes(
      options,
      [](TestDisk& t) {
        DiskHandle file = t.DurableFile("log", "0");
        for (const char* text : {"1", "2", "3"}) {
          t.Write(file, 0, text);
          t.Sync(file);
          t.host.now = t.host.now + milliseconds(60);
        }
      },
      [](TestDisk& t) { return t.Text("log"); });
  // The second sync is 120 ms old, the third one 60 ms.
  EXPECT_THAT(seen, UnorderedElementsAre("2", "3"));
}

TEST(DiskPower, AnOldLieComesTrueForWhatWasThereThen) {
  DiskOptions options{.personality = DiskPersonality::kLying, .lie = milliseconds(100)};
  const auto seen = Outcomes(
      options,
      [](TestDisk& t) {
        t.Open("1");
        t.SyncRoot();
        t.Open("2");
        t.host.now = t.host.now + milliseconds(100);
      },
      Files);
  EXPECT_THAT(seen, UnorderedElementsAre(ElementsAre("1"), ElementsAre("1", "2")));
}

// --- SIM-DISK-12: torn sectors ---

TEST(DiskPower, SectorsTearOnlyWithTheOption) {
  const auto rewrite = [](TestDisk& t) {
    const DiskHandle file = t.DurableFile("log", std::string(8 * kSectorSize, 'o'));
    t.Write(file, 0, std::string(8 * kSectorSize, 'n'));
  };
  const auto torn = [](TestDisk& t) {
    const std::string text = t.Text("log");
    for (size_t at = 0; at < text.size(); at += kSectorSize) {
      const std::string sector = text.substr(at, kSectorSize);
      if (sector != Sector('o') && sector != Sector('n')) return true;
    }
    return false;
  };
  EXPECT_THAT(Outcomes({}, rewrite, torn), ElementsAre(false));
  DiskOptions options;
  options.faults.torn_sectors = true;
  EXPECT_THAT(Outcomes(options, rewrite, torn), Contains(true));
}

// --- SIM-DISK-11, SIM-DISK-19; determinism ---

TEST(DiskPower, HandlesAndLocksEndWithThePower) {
  TestDisk t;
  DiskHandle file = t.DurableFile("log", "abc");
  const DiskHandle root = t.Root();
  t.disk->WriteFile("lock", "");
  const DiskHandle lock = t.disk->Lock(root, "lock").value();
  t.disk->CutPower();

  EXPECT_EQ(t.Read(file, 0, 3).error().code(), ErrorCode::kIoError);
  EXPECT_EQ(t.disk->SyncFile(file, true).error().code(), ErrorCode::kIoError);
  EXPECT_EQ(t.disk->List(root).error().code(), ErrorCode::kIoError);
  EXPECT_TRUE(t.disk->Lock(t.Root(), "lock").has_value());
  t.disk->Unlock(lock);
  EXPECT_EQ(t.disk->Lock(t.Root(), "lock").error().code(), ErrorCode::kAlreadyExists);
}

TEST(DiskPower, TheKernelWritesBackWhatIsNeverSynced) {
  TestDisk t;
  const DiskHandle file = t.DurableFile("log", std::string(1 << 20, 'o'));
  for (int round = 0; round < 20; ++round) t.Write(file, 0, std::string(1 << 20, 'n'));
  t.disk->CutPowerLosingEverythingPending();
  EXPECT_THAT(t.Text("log"), Not(testing::HasSubstr("o")));
}

TEST(DiskPower, EqualDrawsLeaveEqualDisks) {
  const auto run = [](uint64_t seed) {
    TestDisk t(seed);
    for (int i = 0; i < 20; ++i) {
      t.Write(t.Open(fmt::format("file {}", i)), 0, std::string(3'000, static_cast<char>('a' + i)));
    }
    t.disk->CutPower();
    std::string all;
    for (const std::string& path : t.disk->ListFiles()) all += path + t.Text(path);
    return std::pair(all, t.host.hash().value());
  };
  EXPECT_EQ(run(7), run(7));
  EXPECT_NE(run(7).first, run(8).first);
}

}  // namespace
}  // namespace rmq::sim
