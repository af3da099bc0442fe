#include "broker/admin_processor.h"

#include <array>

#include "broker/config_admin.h"
#include "broker/group_admin.h"
#include "broker/topic_admin.h"

namespace rmq::broker {

using wire::RequestCode;

namespace {

struct Entry {
  RequestCode code;
  AdminAnswer (*handler)(AdminCall&);
};

constexpr std::array kHandlers = {
    Entry{RequestCode::kUpdateAndCreateTopic, UpdateTopic},
    Entry{RequestCode::kUpdateAndCreateTopicList, UpdateTopicList},
    Entry{RequestCode::kDeleteTopicInBroker, DeleteTopic},
    Entry{RequestCode::kGetAllTopicConfig, ListTopicConfigs},
    Entry{RequestCode::kGetTopicConfig, ReadTopicConfig},
    Entry{RequestCode::kGetTopicStatsInfo, CountTopic},
    Entry{RequestCode::kGetSystemTopicListFromBroker, ListSystemTopics},
    Entry{RequestCode::kUpdateAndCreateSubscriptionGroup, UpdateGroup},
    Entry{RequestCode::kUpdateAndCreateSubscriptionGroupList, UpdateGroupList},
    Entry{RequestCode::kDeleteSubscriptionGroup, DeleteGroup},
    Entry{RequestCode::kGetAllSubscriptionGroupConfig, ListGroups},
    Entry{RequestCode::kGetSubscriptionGroupConfig, ReadGroup},
    Entry{RequestCode::kGetConsumerConnectionList, ListConsumerConnections},
    Entry{RequestCode::kGetProducerConnectionList, ListProducerConnections},
    Entry{RequestCode::kGetAllProducerInfo, ListAllProducers},
    Entry{RequestCode::kGetConsumeStats, CountConsumption},
    Entry{RequestCode::kQueryConsumeTimeSpan, ConsumeTimeSpan},
    Entry{RequestCode::kQueryTopicConsumeByWho, GroupsOfTopic},
    Entry{RequestCode::kQueryTopicsByConsumer, TopicsOfGroup},
    Entry{RequestCode::kQuerySubscriptionByConsumer, SubscriptionOfGroup},
    Entry{RequestCode::kGetAllConsumerOffset, AllConsumerOffsets},
    Entry{RequestCode::kCloneGroupOffset, CloneOffsets},
    Entry{RequestCode::kGetConsumerRunningInfo, AskClient},
    Entry{RequestCode::kConsumeMessageDirectly, AskClient},
    Entry{RequestCode::kGetBrokerConfig, ReadConfigText},
    Entry{RequestCode::kUpdateBrokerConfig, UpdateConfig},
    Entry{RequestCode::kGetBrokerRuntimeInfo, RuntimeInfo},
};

const Entry* Find(RequestCode code) {
  for (const Entry& entry : kHandlers) {
    if (entry.code == code) return &entry;
  }
  return nullptr;
}

}  // namespace

bool AdminProcessor::Knows(RequestCode code) {
  return Find(code) != nullptr;
}

void AdminProcessor::Handle(Context& ctx, const ConnectionPtr& connection,
                            const wire::RemotingCommand& request) {
  AdminCall call{.ctx = ctx, .parts = parts_, .connection = connection, .request = request};
  AdminAnswer answer = Find(request.request_code())->handler(call);
  if (!answer.has_value()) {
    return ReplyError(connection, request, wire::ResponseCode::kSystemError,
                      answer.error().ToString());
  }
  connection->Reply(request, std::move(*answer));
}

}  // namespace rmq::broker
