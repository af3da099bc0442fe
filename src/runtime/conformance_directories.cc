// Directories, names, locks, space.
#include <gmock/gmock.h>

#include "runtime/conformance_tools.h"

namespace rmq::runtime::conformance {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kArea[] = "Directory";

Cases Opening() {
  return {
      {kArea, "OpeningMakesAllThatIsMissingOnTheWay",
       [](Context& ctx, Env& env) {
         FileSystem& files = env.runtime.files();
         Must(files.OpenDirectory(ctx, env.scratch + "/a/b/c", /*create=*/true));
         const auto found = Must(files.OpenDirectory(ctx, env.scratch + "/a/b", /*create=*/false));
         EXPECT_THAT(Names(ctx, *found), ElementsAre("c"));
       }},
      {kArea, "OpeningTwiceShowsTheSameDirectory",
       [](Context& ctx, Env& env) {
         const auto one = Scratch(ctx, env);
         const auto two = Scratch(ctx, env);
         MakeFile(ctx, *one, "f");
         EXPECT_THAT(Names(ctx, *two), ElementsAre("f"));
       }},
      {kArea, "APathToNowhereIsNotFound",
       [](Context& ctx, Env& env) {
         Scratch(ctx, env);
         const auto missing =
             env.runtime.files().OpenDirectory(ctx, env.scratch + "/no/where", /*create=*/false);
         ASSERT_EQ(Outcome(missing), "NotFound");
         EXPECT_THAT(missing.error().message(), HasSubstr("no/where"));
       }},
      {kArea, "APathThroughAFileIsRefused",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         MakeFile(ctx, *directory, "f");
         const auto through =
             env.runtime.files().OpenDirectory(ctx, env.scratch + "/f/d", /*create=*/true);
         EXPECT_EQ(Outcome(through), "InvalidArgument");
       }},
      {kArea, "APathMayEndWithASlash",
       [](Context& ctx, Env& env) {
         const auto directory =
             Must(env.runtime.files().OpenDirectory(ctx, env.scratch + "//d/", /*create=*/true));
         MakeFile(ctx, *directory, "f");
         EXPECT_THAT(Names(ctx, *Scratch(ctx, env)), ElementsAre("d"));
       }},
      {kArea, "ADirectoryKnowsItsPath",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         EXPECT_EQ(directory->path(), env.scratch);
         EXPECT_EQ(Must(directory->OpenDirectory(ctx, "d", /*create=*/true))->path(),
                   env.scratch + "/d");
       }},
      {kArea, "ASubdirectoryIsMadeOnDemand",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         EXPECT_EQ(Outcome(directory->OpenDirectory(ctx, "d", /*create=*/false)), "NotFound");
         const auto made = Must(directory->OpenDirectory(ctx, "d", /*create=*/true));
         MakeFile(ctx, *made, "f");
         const auto again = Must(directory->OpenDirectory(ctx, "d", /*create=*/true));
         EXPECT_THAT(Names(ctx, *again), ElementsAre("f"));
       }},
      {kArea, "AFileIsNoDirectory",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         MakeFile(ctx, *directory, "f");
         EXPECT_EQ(Outcome(directory->OpenDirectory(ctx, "f", /*create=*/false)),
                   "InvalidArgument");
         EXPECT_EQ(Outcome(directory->OpenDirectory(ctx, "f", /*create=*/true)), "InvalidArgument");
       }},
      {kArea, "SyncSucceeds",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         MakeFile(ctx, *directory, "f");
         EXPECT_EQ(Outcome(directory->Sync(ctx)), "ok");
         const auto sub = Must(directory->OpenDirectory(ctx, "d", /*create=*/true));
         EXPECT_EQ(Outcome(sub->Sync(ctx)), "ok");
         EXPECT_EQ(Outcome(directory->Sync(ctx)), "ok");
       }},
  };
}

Cases Listing() {
  return {
      {kArea, "ANewDirectoryIsEmpty",
       [](Context& ctx, Env& env) { EXPECT_THAT(Names(ctx, *Scratch(ctx, env)), IsEmpty()); }},
      {kArea, "TheListIsSorted",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         for (const char* name : {"b", "a", "c", "B", "10", "9", "aa"}) {
           MakeFile(ctx, *directory, name);
         }
         EXPECT_THAT(Names(ctx, *directory), ElementsAre("10", "9", "B", "a", "aa", "b", "c"));
       }},
      {kArea, "TheListTellsDirectoriesFromFiles",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         MakeFile(ctx, *directory, "f");
         Must(directory->OpenDirectory(ctx, "d", /*create=*/true));
         EXPECT_THAT(Must(directory->List(ctx)),
                     ElementsAre(DirectoryEntry{"d", true}, DirectoryEntry{"f", false}));
       }},
      {kArea, "TheListFollowsEveryChange",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         MakeFile(ctx, *directory, "a");
         EXPECT_THAT(Names(ctx, *directory), ElementsAre("a"));
         MakeFile(ctx, *directory, "b");
         Must(directory->Remove(ctx, "a"));
         EXPECT_THAT(Names(ctx, *directory), ElementsAre("b"));
         Must(directory->Rename(ctx, "b", *directory, "c"));
         EXPECT_THAT(Names(ctx, *directory), ElementsAre("c"));
       }},
      {kArea, "TheListIsNotOfSubdirectories",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         const auto sub = Must(directory->OpenDirectory(ctx, "d", /*create=*/true));
         MakeFile(ctx, *sub, "inside");
         EXPECT_THAT(Names(ctx, *directory), ElementsAre("d"));
       }},
      {kArea, "FiveHundredNamesAreListed",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         for (int i = 0; i < 500; ++i) MakeFile(ctx, *directory, "file-" + std::to_string(i));
         const std::vector<std::string> names = Names(ctx, *directory);
         EXPECT_EQ(names.size(), 500U);
         EXPECT_TRUE(std::ranges::is_sorted(names));
       }},
      {kArea, "SeveralListsAtOnceAreWhole",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         for (int i = 0; i < 50; ++i) MakeFile(ctx, *directory, std::to_string(i));
         int whole = 0;
         TaskGroup group(ctx);
         for (int i = 0; i < 5; ++i) {
           group.Spawn("lists",
                       [&](Context& own) { whole += Names(own, *directory).size() == 50; });
         }
         group.Wait();
         EXPECT_EQ(whole, 5);
       }},
  };
}

Cases Renaming() {
  return {
      {kArea, "RenameMovesAName",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         MakeFile(ctx, *directory, "a", "text");
         Must(directory->Rename(ctx, "a", *directory, "b"));
         EXPECT_THAT(Names(ctx, *directory), ElementsAre("b"));
         EXPECT_EQ(Contents(ctx, *directory, "b"), "text");
       }},
      {kArea, "RenameReplacesAFile",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         MakeFile(ctx, *directory, "new", "new text");
         const auto old = MakeFile(ctx, *directory, "old", "old text");
         Must(directory->Rename(ctx, "new", *directory, "old"));
         EXPECT_THAT(Names(ctx, *directory), ElementsAre("old"));
         EXPECT_EQ(Contents(ctx, *directory, "old"), "new text");
         EXPECT_EQ(Contents(ctx, *old), "old text");
       }},
      {kArea, "RenameMovesToAnotherDirectory",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         const auto sub = Must(directory->OpenDirectory(ctx, "d", /*create=*/true));
         MakeFile(ctx, *directory, "f", "text");
         Must(directory->Rename(ctx, "f", *sub, "g"));
         EXPECT_THAT(Names(ctx, *directory), ElementsAre("d"));
         EXPECT_EQ(Contents(ctx, *sub, "g"), "text");
       }},
      {kArea, "RenameOfNothingIsNotFound",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         MakeFile(ctx, *directory, "kept", "text");
         const auto renamed = directory->Rename(ctx, "missing", *directory, "kept");
         ASSERT_EQ(Outcome(renamed), "NotFound");
         EXPECT_THAT(renamed.error().message(), HasSubstr("missing"));
         EXPECT_EQ(Contents(ctx, *directory, "kept"), "text");
       }},
      {kArea, "RenameOntoItselfDoesNothing",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         MakeFile(ctx, *directory, "f", "text");
         EXPECT_EQ(Outcome(directory->Rename(ctx, "f", *directory, "f")), "ok");
         EXPECT_EQ(Contents(ctx, *directory, "f"), "text");
       }},
      {kArea, "RenameMovesADirectoryWithItsFiles",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         const auto sub = Must(directory->OpenDirectory(ctx, "d", /*create=*/true));
         MakeFile(ctx, *sub, "f", "text");
         Must(directory->Rename(ctx, "d", *directory, "e"));
         const auto moved = Must(directory->OpenDirectory(ctx, "e", /*create=*/false));
         EXPECT_EQ(Contents(ctx, *moved, "f"), "text");
         MakeFile(ctx, *sub, "g");  // The handle is of the directory, not of its name.
         EXPECT_THAT(Names(ctx, *moved), ElementsAre("f", "g"));
       }},
      {kArea, "RenameReplacesAnEmptyDirectoryByAnother",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         const auto full = Must(directory->OpenDirectory(ctx, "full", /*create=*/true));
         MakeFile(ctx, *full, "f");
         Must(directory->OpenDirectory(ctx, "empty", /*create=*/true));
         Must(directory->Rename(ctx, "full", *directory, "empty"));
         EXPECT_THAT(Names(ctx, *directory), ElementsAre("empty"));
         const auto now = Must(directory->OpenDirectory(ctx, "empty", /*create=*/false));
         EXPECT_THAT(Names(ctx, *now), ElementsAre("f"));
       }},
      {kArea, "RenameOntoAFullDirectoryIsRefused",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         const auto full = Must(directory->OpenDirectory(ctx, "full", /*create=*/true));
         MakeFile(ctx, *full, "f");
         Must(directory->OpenDirectory(ctx, "empty", /*create=*/true));
         EXPECT_EQ(Outcome(directory->Rename(ctx, "empty", *directory, "full")), "InvalidArgument");
         EXPECT_THAT(Names(ctx, *directory), ElementsAre("empty", "full"));
       }},
      {kArea, "RenameOfAFileOntoADirectoryIsRefused",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         MakeFile(ctx, *directory, "f");
         Must(directory->OpenDirectory(ctx, "d", /*create=*/true));
         EXPECT_EQ(Outcome(directory->Rename(ctx, "f", *directory, "d")), "InvalidArgument");
         EXPECT_THAT(Names(ctx, *directory), ElementsAre("d", "f"));
       }},
      {kArea, "RenameOfADirectoryOntoAFileIsRefused",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         MakeFile(ctx, *directory, "f");
         Must(directory->OpenDirectory(ctx, "d", /*create=*/true));
         EXPECT_EQ(Outcome(directory->Rename(ctx, "d", *directory, "f")), "InvalidArgument");
         EXPECT_THAT(Names(ctx, *directory), ElementsAre("d", "f"));
       }},
      {kArea, "ReadersSeeTheOldOrTheNewFileDuringRenames",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         MakeFile(ctx, *directory, "f", "generation 0");
         bool done = false;
         TaskGroup group(ctx);
         group.Spawn("replaces", [&](Context& own) {
           for (int i = 1; i <= 20; ++i) {
             MakeFile(own, *directory, "f.tmp", "generation " + std::to_string(i));
             Must(directory->Rename(own, "f.tmp", *directory, "f"));
           }
           done = true;
         });
         group.Spawn("reads", [&](Context& own) {
           while (!done) EXPECT_THAT(Contents(own, *directory, "f"), HasSubstr("generation "));
         });
         group.Wait();
         EXPECT_EQ(Contents(ctx, *directory, "f"), "generation 20");
       }},
  };
}

Cases Removing() {
  return {
      {kArea, "RemoveTakesAFileAway",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         MakeFile(ctx, *directory, "f", "text");
         Must(directory->Remove(ctx, "f"));
         EXPECT_THAT(Names(ctx, *directory), IsEmpty());
         EXPECT_EQ(Outcome(directory->Open(ctx, "f", OpenMode::kRead)), "NotFound");
       }},
      {kArea, "RemoveTakesAnEmptyDirectoryAway",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         Must(directory->OpenDirectory(ctx, "d", /*create=*/true));
         Must(directory->Remove(ctx, "d"));
         EXPECT_THAT(Names(ctx, *directory), IsEmpty());
       }},
      {kArea, "RemoveRefusesAFullDirectory",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         const auto sub = Must(directory->OpenDirectory(ctx, "d", /*create=*/true));
         MakeFile(ctx, *sub, "f", "text");
         EXPECT_EQ(Outcome(directory->Remove(ctx, "d")), "InvalidArgument");
         EXPECT_EQ(Contents(ctx, *sub, "f"), "text");
         Must(sub->Remove(ctx, "f"));
         EXPECT_EQ(Outcome(directory->Remove(ctx, "d")), "ok");
       }},
      {kArea, "RemoveOfNothingIsNotFound",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         const auto removed = directory->Remove(ctx, "missing");
         ASSERT_EQ(Outcome(removed), "NotFound");
         EXPECT_THAT(removed.error().message(), HasSubstr("missing"));
       }},
      {kArea, "ANameIsFreeOnceRemoved",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         MakeFile(ctx, *directory, "f", "old");
         Must(directory->Remove(ctx, "f"));
         EXPECT_EQ(Contents(ctx, *MakeFile(ctx, *directory, "f")), "");
       }},
      {kArea, "AFileMayTakeARemovedDirectorysName",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         Must(directory->OpenDirectory(ctx, "x", /*create=*/true));
         Must(directory->Remove(ctx, "x"));
         MakeFile(ctx, *directory, "x", "file");
         EXPECT_EQ(Contents(ctx, *directory, "x"), "file");
       }},
  };
}

Cases Locking() {
  return {
      {kArea, "ALockIsTakenOnce",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         const auto lock = Must(directory->Lock(ctx, "lock"));
         const auto second = directory->Lock(ctx, "lock");
         ASSERT_EQ(Outcome(second), "AlreadyExists");
         EXPECT_THAT(second.error().message(), HasSubstr("lock"));
       }},
      {kArea, "ALockIsSeenThroughAnotherHandle",
       [](Context& ctx, Env& env) {
         const auto lock = Must(Scratch(ctx, env)->Lock(ctx, "lock"));
         EXPECT_EQ(Outcome(Scratch(ctx, env)->Lock(ctx, "lock")), "AlreadyExists");
       }},
      {kArea, "ALockIsFreeOnceItsHolderIsGone",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         auto lock = Must(directory->Lock(ctx, "lock"));
         lock = nullptr;
         EXPECT_EQ(Outcome(directory->Lock(ctx, "lock")), "ok");
       }},
      {kArea, "ARefusedLockLeavesTheFirstOne",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         const auto lock = Must(directory->Lock(ctx, "lock"));
         for (int i = 0; i < 3; ++i) {
           EXPECT_EQ(Outcome(directory->Lock(ctx, "lock")), "AlreadyExists");
         }
       }},
      {kArea, "LocksOfDifferentNamesAreIndependent",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         const auto a = Must(directory->Lock(ctx, "a"));
         EXPECT_EQ(Outcome(directory->Lock(ctx, "b")), "ok");
       }},
      {kArea, "ALocksFileStays",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         Must(directory->Lock(ctx, "lock"));
         EXPECT_THAT(Names(ctx, *directory), ElementsAre("lock"));
       }},
      {kArea, "ALockKeepsWhatIsInItsFile",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         MakeFile(ctx, *directory, "lock", "text");
         const auto lock = Must(directory->Lock(ctx, "lock"));
         EXPECT_EQ(Contents(ctx, *directory, "lock"), "text");
         EXPECT_EQ(Outcome(directory->Lock(ctx, "lock")), "AlreadyExists");
       }},
      {kArea, "ADirectoryIsNotLocked",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         Must(directory->OpenDirectory(ctx, "d", /*create=*/true));
         EXPECT_EQ(Outcome(directory->Lock(ctx, "d")), "InvalidArgument");
       }},
  };
}

Cases Space() {
  return {
      {kArea, "TheDiskHasSpace",
       [](Context& ctx, Env& env) {
         Scratch(ctx, env);
         const DiskSpace space = Must(env.runtime.files().Space(ctx, env.scratch));
         EXPECT_GT(space.total_bytes, 0U);
         EXPECT_LE(space.available_bytes, space.total_bytes);
       }},
      {kArea, "NowhereHasNoSpace",
       [](Context& ctx, Env& env) {
         Scratch(ctx, env);
         EXPECT_EQ(Outcome(env.runtime.files().Space(ctx, env.scratch + "/missing")), "NotFound");
       }},
  };
}

struct BadName {
  std::string kind;
  std::string name;
};

std::vector<BadName> BadNames() {
  return {{"Empty", ""},
          {"Dot", "."},
          {"DotDot", ".."},
          {"SlashInside", "a/b"},
          {"SlashInFront", "/a"},
          {"SlashAtTheEnd", "a/"},
          {"Slash", "/"},
          {"PathUpwards", "../f"},
          {"ZeroByte", std::string("a\0b", 3)},
          {"TooLong", std::string(256, 'x')}};
}

// Each bad name once with Open, and each other call once with a bad name.
Cases Naming() {
  Cases cases;
  for (const BadName& bad : BadNames()) {
    cases.push_back({kArea, "NameIsRefused" + bad.kind, [bad](Context& ctx, Env& env) {
                       const auto directory = Scratch(ctx, env);
                       EXPECT_EQ(Outcome(directory->Open(ctx, bad.name, OpenMode::kCreate)),
                                 "InvalidArgument");
                       EXPECT_THAT(Names(ctx, *directory), IsEmpty());
                     }});
  }
  using Call = std::function<Result<void>(Context&, Directory&, std::string_view)>;
  const std::vector<std::pair<std::string, Call>> calls{
      {"OpenDirectory",
       [](Context& ctx, Directory& directory, std::string_view name) {
         return WithoutValue(directory.OpenDirectory(ctx, name, /*create=*/true));
       }},
      {"RenameFrom",
       [](Context& ctx, Directory& directory, std::string_view name) {
         return directory.Rename(ctx, name, directory, "g");
       }},
      {"RenameTo",
       [](Context& ctx, Directory& directory, std::string_view name) {
         return directory.Rename(ctx, "f", directory, name);
       }},
      {"Remove", [](Context& ctx, Directory& directory,
                    std::string_view name) { return directory.Remove(ctx, name); }},
      {"Lock", [](Context& ctx, Directory& directory, std::string_view name) {
         return WithoutValue(directory.Lock(ctx, name));
       }}};
  for (const auto& [name, call] : calls) {
    cases.push_back({kArea, "BadNamesAreRefusedBy" + name, [call](Context& ctx, Env& env) {
                       const auto directory = Scratch(ctx, env);
                       MakeFile(ctx, *directory, "f");
                       for (const BadName& bad : BadNames()) {
                         EXPECT_EQ(Outcome(call(ctx, *directory, bad.name)), "InvalidArgument")
                             << bad.kind;
                       }
                       EXPECT_THAT(Names(ctx, *directory), ElementsAre("f"));
                     }});
  }
  const std::vector<BadName> good{{"Longest", std::string(255, 'x')},
                                  {"DotsInside", "a..b"},
                                  {"ThreeDots", "..."},
                                  {"Hidden", ".hidden"},
                                  {"Spaces", " a b "},
                                  {"Utf8", "\xe6\xb6\x88\xe6\x81\xaf"},
                                  {"Signs", "%RETRY%group@0#:*"},
                                  {"Backslash", "a\\b"}};
  for (const BadName& each : good) {
    cases.push_back({kArea, "NameIsTaken" + each.kind, [each](Context& ctx, Env& env) {
                       const auto directory = Scratch(ctx, env);
                       MakeFile(ctx, *directory, each.name, "text");
                       EXPECT_THAT(Names(ctx, *directory), ElementsAre(each.name));
                       EXPECT_EQ(Contents(ctx, *directory, each.name), "text");
                     }});
  }
  return cases;
}

}  // namespace

Cases DirectoryCases() {
  Cases cases = Opening();
  for (auto* more : {&Listing, &Renaming, &Removing, &Locking, &Space}) {
    std::ranges::move((*more)(), std::back_inserter(cases));
  }
  std::ranges::move(Naming(), std::back_inserter(cases));
  return cases;
}

}  // namespace rmq::runtime::conformance
