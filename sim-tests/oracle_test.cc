// The judge is judged: each checker rejects histories in which a promise is broken, and accepts
// strange ones in which none is. spec/sim/oracle.md.
#include "harness/oracle.h"

#include <gtest/gtest.h>

#include "harness/config_ledger.h"
#include "harness/promptness.h"

namespace rmq::simtest {
namespace {

const MessageQueue kQueue{.topic = "t", .broker_name = "broker-a", .queue_id = 3};
const MessageQueue kOther{.topic = "t", .broker_name = "broker-b", .queue_id = 0};

// A history in few words. Messages lie in the log one behind the other, 100 bytes each.
class History {
 public:
  Oracle oracle;

  void Acked(const MessageId& id, int64_t offset, const MessageQueue& queue = kQueue) {
    oracle.SendBegan(id);
    oracle.SendOk(id, queue, offset, 100 * offset);
  }
  void Handled(const MessageId& id, int64_t offset, const MessageQueue& queue = kQueue) {
    oracle.Delivered("group", /*orderly=*/false, id, queue, offset);
  }
  void HandledInOrder(const MessageId& id, int64_t offset) {
    oracle.Delivered("group", /*orderly=*/true, id, kQueue, offset);
  }
  // The queue holds these, from offset 0 on.
  void Holds(const std::vector<MessageId>& ids) {
    Oracle::QueueContents contents{.max = static_cast<int64_t>(ids.size())};
    for (size_t i = 0; i < ids.size(); ++i) {
      contents.messages[static_cast<int64_t>(i)] = ids[i];
      oracle.Read(ids[i], kQueue, static_cast<int64_t>(i));
    }
    oracle.CheckDurable({{kQueue, contents}});
  }
  void PowerCut() { oracle.MayLoseSuffix("broker-a"); }
  void AllGotEverything() { oracle.CheckDeliveredToAll("group"); }

  // The checkers that found something, each once, in order: "I1 I6".
  std::string Verdict() const {
    std::string verdict;
    for (const Violation& violation : oracle.violations()) {
      if (verdict.ends_with(violation.checker)) continue;
      verdict += (verdict.empty() ? "" : " ") + violation.checker;
    }
    return verdict;
  }
};

// --- I1, acked durability: ORACLE-1, ORACLE-2, ORACLE-3, ORACLE-4 ---

TEST(AckedDurability, RejectsAHoleWhereAnAckedMessageWas) {
  History history;
  history.Acked("a", 0);
  history.Acked("b", 1);
  history.Holds({"a"});
  EXPECT_EQ(history.Verdict(), "I1");
}

TEST(AckedDurability, RejectsAMessageThatMovedToAnotherOffset) {
  History history;
  history.Acked("a", 0);
  history.Holds({"x", "a"});
  EXPECT_EQ(history.Verdict(), "I2 I1");
}

TEST(AckedDurability, RejectsALossThatIsNoSuffixOfTheLog) {
  History history;
  history.Acked("a", 0);
  history.Acked("b", 1);
  history.oracle.SendBegan("c");
  history.PowerCut();
  history.oracle.CheckDurable({{kQueue, {.min = 0, .max = 2, .messages = {{1, "b"}}}}});
  EXPECT_EQ(history.Verdict(), "I1");
}

TEST(AckedDurability, RejectsALossAfterThePowerCameBack) {
  History history;
  history.Acked("a", 0);
  history.PowerCut();
  history.Acked("b", 1);
  history.Holds({"a"});
  EXPECT_EQ(history.Verdict(), "I1");
}

TEST(AckedDurability, RejectsThatWhatSurvivedAPowerCutIsLostLater) {
  History history;
  history.Acked("a", 0);
  history.Acked("b", 1);
  history.PowerCut();
  history.Holds({"a"});
  EXPECT_EQ(history.Verdict(), "");
  history.Holds({});
  EXPECT_EQ(history.Verdict(), "I1");
}

TEST(AckedDurability, AcceptsThatAnAsynchronousBrokerLosesASuffixInAPowerCut) {
  History history;
  history.Acked("a", 0);
  history.Acked("b", 1);
  history.Acked("c", 2);
  history.PowerCut();
  history.Holds({"a"});
  EXPECT_EQ(history.Verdict(), "");
  EXPECT_EQ(history.oracle.lost_within_promise(), 2U);
}

TEST(AckedDurability, AcceptsAMessageThatIsThereTwiceBecauseItsAckWasLost) {
  History history;
  history.oracle.SendBegan("a");  // Sent, answer lost, sent again, answered.
  history.oracle.SendOk("a", kQueue, 1, 100);
  history.Holds({"a", "a"});
  EXPECT_EQ(history.Verdict(), "");
}

TEST(AckedDurability, AcceptsThatNothingIsLeftOfASendWithoutAnAnswer) {
  History history;
  history.oracle.SendBegan("a");
  history.Holds({});
  history.AllGotEverything();
  EXPECT_EQ(history.Verdict(), "");
}

// --- I2, one message per offset, and aborted reads: ORACLE-5, ORACLE-6 ---

TEST(QueueImmutability, RejectsTwoAcksForOneOffset) {
  History history;
  history.Acked("a", 0);
  history.Acked("b", 0);
  EXPECT_EQ(history.Verdict(), "I2");
}

TEST(QueueImmutability, RejectsAMessageThatNobodySent) {
  History history;
  history.Handled("ghost", 0);
  EXPECT_EQ(history.Verdict(), "I2");
}

TEST(QueueImmutability, RejectsThatOffsetsAreGivenAgainAfterAKill) {
  History history;
  history.Acked("a", 0);
  history.oracle.BrokerGone("broker-a");
  history.Acked("b", 0);
  EXPECT_EQ(history.Verdict(), "I2");
}

TEST(QueueImmutability, AcceptsThatOffsetsAreGivenAgainAfterAPowerCut) {
  History history;
  history.Acked("a", 0);
  history.PowerCut();
  history.Acked("b", 0);
  history.Holds({"b"});
  EXPECT_EQ(history.Verdict(), "");
}

TEST(QueueImmutability, AcceptsACopyThatAConsumerHandsOnAfterItsBrokerLostIt) {
  History history;
  history.Acked("a", 0);
  history.PowerCut();
  history.Handled("a", 0);
  history.Acked("b", 0);
  history.Handled("b", 0);
  EXPECT_EQ(history.Verdict(), "");
}

TEST(QueueImmutability, AcceptsAnAckFromBeforeThePowerCutThatComesLate) {
  History history;
  history.oracle.SendBegan("a");
  history.PowerCut();
  history.Acked("b", 0);
  history.oracle.SendOk("a", kQueue, 0, 0);
  history.Holds({"b"});
  EXPECT_EQ(history.Verdict(), "");
}

TEST(AbortedRead, RejectsADeliveryOfWhatWasAnsweredAsNotStored) {
  History history;
  history.oracle.SendBegan("a");
  history.oracle.SendFailed("a");
  history.Handled("a", 0);
  EXPECT_EQ(history.Verdict(), "aborted read");
}

TEST(AbortedRead, RejectsThatItIsFoundInAQueue) {
  History history;
  history.oracle.SendBegan("a");
  history.oracle.SendFailed("a");
  history.Holds({"a"});
  EXPECT_EQ(history.Verdict(), "aborted read");
}

TEST(AbortedRead, AcceptsADeliveryOfASendWhoseOutcomeIsUnknown) {
  History history;
  history.oracle.SendBegan("a");
  history.Handled("a", 0);
  EXPECT_EQ(history.Verdict(), "");
}

TEST(AbortedRead, AcceptsADeliveryBeforeTheAck) {
  History history;
  history.oracle.SendBegan("a");
  history.Handled("a", 0);
  history.oracle.SendOk("a", kQueue, 0, 0);
  EXPECT_EQ(history.Verdict(), "");
}

// --- I5, offset sanity: ORACLE-10, ORACLE-11, ORACLE-12 ---

TEST(OffsetSanity, RejectsACommitOfWhatNobodyHasHandled) {
  History history;
  history.Acked("a", 0);
  history.Acked("b", 1);
  history.Handled("a", 0);
  history.oracle.Committed("group", kQueue, 1);
  EXPECT_EQ(history.Verdict(), "");
  history.oracle.Committed("group", kQueue, 2);
  EXPECT_EQ(history.Verdict(), "I5");
}

TEST(OffsetSanity, RejectsAtAQuietPointWhatBecameKnownAfterTheCommit) {
  History history;
  history.oracle.SendBegan("a");
  history.oracle.Committed("group", kQueue, 1);
  history.oracle.Read("a", kQueue, 0);
  EXPECT_EQ(history.Verdict(), "");
  history.oracle.CheckCommitted("group", kQueue, 1, 1);
  EXPECT_EQ(history.Verdict(), "I5");
}

TEST(OffsetSanity, RejectsACommitBeyondTheEndOfTheQueue) {
  History history;
  history.oracle.CheckCommitted("group", kQueue, 3, 2);
  EXPECT_EQ(history.Verdict(), "I5");
}

TEST(OffsetSanity, RejectsThatACommitIsForgottenOrMadeUpWhenNothingMayBeLost) {
  History history;
  history.oracle.CheckCommitsKept({{{"group", kQueue}, 3}}, {{{"group", kQueue}, 2}});
  history.oracle.CheckCommitsKept({{{"group", kQueue}, 3}}, {{{"group", kQueue}, 4}});
  history.oracle.CheckCommitsKept({{{"group", kQueue}, 3}}, {});
  EXPECT_EQ(history.oracle.violations().size(), 3U);
}

TEST(OffsetSanity, AcceptsThatACommitGoesBackWhenABrokerWasKilled) {
  History history;
  history.Acked("a", 0);
  history.Handled("a", 0);
  history.oracle.Committed("group", kQueue, 1);
  history.oracle.BrokerGone("broker-a");
  history.oracle.Committed("group", kQueue, 0);
  history.oracle.CheckCommitted("group", kQueue, 0, 1);
  EXPECT_EQ(history.Verdict(), "");
}

TEST(OffsetSanity, AcceptsACommitOfWhatAPowerCutMadeDoubtful) {
  History history;
  history.Acked("a", 0);
  history.PowerCut();
  history.oracle.Committed("group", kQueue, 1);
  EXPECT_EQ(history.Verdict(), "");
}

// --- I6, at least once: ORACLE-7, ORACLE-8 ---

TEST(AtLeastOnce, RejectsAGroupThatNeverGotAnAckedMessage) {
  History history;
  history.Acked("a", 0);
  history.AllGotEverything();
  EXPECT_EQ(history.Verdict(), "I6");
}

TEST(AtLeastOnce, RejectsThatAnotherGroupGotItInstead) {
  History history;
  history.Acked("a", 0);
  history.oracle.Delivered("another", false, "a", kQueue, 0);
  history.AllGotEverything();
  EXPECT_EQ(history.Verdict(), "I6");
}

TEST(AtLeastOnce, AcceptsRedeliveries) {
  History history;
  history.Acked("a", 0);
  history.Handled("a", 0);
  history.Handled("a", 0);
  history.AllGotEverything();
  EXPECT_EQ(history.Verdict(), "");
}

TEST(AtLeastOnce, AcceptsThatWhatAPowerCutTookIsNotDelivered) {
  History history;
  history.Acked("a", 0);
  history.PowerCut();
  history.Holds({});
  history.AllGotEverything();
  EXPECT_EQ(history.Verdict(), "");
}

// ORACLE-8: the second stop takes away what the broker knew of the first.
TEST(AtLeastOnce, AcceptsSkippedMessagesOfABrokerThatWasGoneAgainAfterAPowerCut) {
  History history;
  history.PowerCut();
  history.Acked("a", 0);
  history.oracle.BrokerGone("broker-a");
  history.AllGotEverything();
  EXPECT_EQ(history.Verdict(), "");
}

// --- I8, order: ORACLE-9 ---

TEST(QueueOrder, RejectsAFirstDeliveryBehindALaterOne) {
  History history;
  history.Acked("a", 0);
  history.Acked("b", 1);
  history.HandledInOrder("b", 1);
  history.HandledInOrder("a", 0);
  EXPECT_EQ(history.Verdict(), "I8");
}

TEST(QueueOrder, RejectsItAlsoWhenADuplicateCameInBetween) {
  History history;
  history.Acked("a", 0);
  history.Acked("b", 1);
  history.Acked("c", 2);
  history.HandledInOrder("a", 0);
  history.HandledInOrder("c", 2);
  history.HandledInOrder("a", 0);
  history.HandledInOrder("b", 1);
  EXPECT_EQ(history.Verdict(), "I8");
}

TEST(QueueOrder, AcceptsThatANewOwnerBeginsAgainFurtherFront) {
  History history;
  history.Acked("a", 0);
  history.Acked("b", 1);
  history.Acked("c", 2);
  for (const bool again : {false, true}) {
    history.HandledInOrder("a", 0);
    history.HandledInOrder("b", 1);
    if (again) history.HandledInOrder("c", 2);
  }
  EXPECT_EQ(history.Verdict(), "");
}

TEST(QueueOrder, AcceptsAnyOrderAmongQueuesAndOfConcurrentGroups) {
  History history;
  history.Acked("a", 0);
  history.Acked("b", 1);
  history.Acked("x", 7, kOther);
  history.Handled("b", 1);
  history.Handled("a", 0);
  history.oracle.Delivered("group", true, "x", kOther, 7);
  history.HandledInOrder("a", 0);
  EXPECT_EQ(history.Verdict(), "");
}

// --- I14, metadata: ORACLE-16 ---

TEST(Metadata, RejectsThatAnAckedTopicIsGone) {
  History history;
  ConfigLedger ledger(history.oracle);
  ledger.ChangeAcked("topic", ledger.ChangeBegan("topic"));
  ledger.Seen("topic", std::nullopt);
  EXPECT_EQ(history.Verdict(), "I14");
}

TEST(Metadata, RejectsAnOlderVersionThanTheAckedOneAndOneThatWasNeverAskedFor) {
  History history;
  ConfigLedger ledger(history.oracle);
  ledger.ChangeAcked("topic", ledger.ChangeBegan("topic"));
  ledger.ChangeAcked("topic", ledger.ChangeBegan("topic"));
  ledger.Seen("topic", 1);
  ledger.Seen("topic", 3);
  EXPECT_EQ(history.oracle.violations().size(), 2U);
}

TEST(Metadata, AcceptsEitherVersionWhileAChangeHasNoAnswer) {
  History history;
  ConfigLedger ledger(history.oracle);
  ledger.ChangeAcked("topic", ledger.ChangeBegan("topic"));
  ledger.ChangeBegan("topic");
  ledger.Seen("topic", 2);
  ledger.Seen("topic", 1);
  EXPECT_EQ(history.Verdict(), "");
}

TEST(Metadata, AcceptsThatATopicIsNotThereWhoseCreationHadNoAnswer) {
  History history;
  ConfigLedger ledger(history.oracle);
  ledger.ChangeBegan("topic");
  ledger.Seen("topic", std::nullopt);
  EXPECT_EQ(history.Verdict(), "");
}

// --- I15, promptness: ORACLE-18 ---

TEST(PromptDelivery, RejectsAMessageThatComesLateInACalmWorld) {
  History history;
  Promptness promptness(history.oracle);
  promptness.Expect(seconds(2));
  promptness.Acked("a", Tick{0});
  promptness.Handed("group", "a", Tick{} + milliseconds(2001));
  EXPECT_EQ(history.Verdict(), "I15");
}

TEST(PromptDelivery, RejectsItForEachGroup) {
  History history;
  Promptness promptness(history.oracle);
  promptness.Expect(seconds(2));
  promptness.Acked("a", Tick{0});
  promptness.Handed("one", "a", Tick{} + seconds(1));
  promptness.Handed("other", "a", Tick{} + seconds(15));
  EXPECT_EQ(history.Verdict(), "I15");
}

TEST(PromptDelivery, AcceptsALateRedelivery) {
  History history;
  Promptness promptness(history.oracle);
  promptness.Expect(seconds(2));
  promptness.Handed("group", "a", Tick{0});  // Before the ack.
  promptness.Acked("a", Tick{0});
  promptness.Handed("group", "a", Tick{} + minutes(1));
  EXPECT_EQ(history.Verdict(), "");
}

TEST(PromptDelivery, AcceptsAMessageFromTheStormThatComesLate) {
  History history;
  Promptness promptness(history.oracle);
  promptness.Acked("a", Tick{0});
  promptness.Expect(seconds(2));
  promptness.Handed("group", "a", Tick{} + minutes(1));
  EXPECT_EQ(history.Verdict(), "");
}

}  // namespace
}  // namespace rmq::simtest
