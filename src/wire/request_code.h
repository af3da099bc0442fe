// RequestCode: what a request asks for, with the numbers of Apache RocketMQ. A RemotingCommand
// carries the plain number, because any number can arrive; cast it to switch on it.
//
// Reserved and removed numbers are listed so that they can be named in logs. Numbers above 65535
// do not fit the binary header: see DecodeFrame. Rule WIRE-9.
#pragma once

#include <cstdint>
#include <string_view>

namespace rmq::wire {

// clang-format off
#define RMQ_REQUEST_CODES(X) \
  X(kSendMessage, 10, SEND_MESSAGE) \
  X(kPullMessage, 11, PULL_MESSAGE) \
  X(kQueryMessage, 12, QUERY_MESSAGE) \
  X(kQueryBrokerOffset, 13, QUERY_BROKER_OFFSET) \
  X(kQueryConsumerOffset, 14, QUERY_CONSUMER_OFFSET) \
  X(kUpdateConsumerOffset, 15, UPDATE_CONSUMER_OFFSET) \
  X(kUpdateAndCreateTopic, 17, UPDATE_AND_CREATE_TOPIC) \
  X(kUpdateAndCreateTopicList, 18, UPDATE_AND_CREATE_TOPIC_LIST) \
  X(kGetAllTopicConfig, 21, GET_ALL_TOPIC_CONFIG) \
  X(kGetTopicConfigList, 22, GET_TOPIC_CONFIG_LIST) \
  X(kGetTopicNameList, 23, GET_TOPIC_NAME_LIST) \
  X(kUpdateBrokerConfig, 25, UPDATE_BROKER_CONFIG) \
  X(kGetBrokerConfig, 26, GET_BROKER_CONFIG) \
  X(kTriggerDeleteFiles, 27, TRIGGER_DELETE_FILES) \
  X(kGetBrokerRuntimeInfo, 28, GET_BROKER_RUNTIME_INFO) \
  X(kSearchOffsetByTimestamp, 29, SEARCH_OFFSET_BY_TIMESTAMP) \
  X(kGetMaxOffset, 30, GET_MAX_OFFSET) \
  X(kGetMinOffset, 31, GET_MIN_OFFSET) \
  X(kGetEarliestMsgStoreTime, 32, GET_EARLIEST_MSG_STORETIME) \
  X(kViewMessageById, 33, VIEW_MESSAGE_BY_ID) \
  X(kHeartBeat, 34, HEART_BEAT) \
  X(kUnregisterClient, 35, UNREGISTER_CLIENT) \
  X(kConsumerSendMsgBack, 36, CONSUMER_SEND_MSG_BACK) \
  X(kEndTransaction, 37, END_TRANSACTION) \
  X(kGetConsumerListByGroup, 38, GET_CONSUMER_LIST_BY_GROUP) \
  X(kCheckTransactionState, 39, CHECK_TRANSACTION_STATE) \
  X(kNotifyConsumerIdsChanged, 40, NOTIFY_CONSUMER_IDS_CHANGED) \
  X(kLockBatchMq, 41, LOCK_BATCH_MQ) \
  X(kUnlockBatchMq, 42, UNLOCK_BATCH_MQ) \
  X(kGetAllConsumerOffset, 43, GET_ALL_CONSUMER_OFFSET) \
  X(kGetAllDelayOffset, 45, GET_ALL_DELAY_OFFSET) \
  X(kCheckClientConfig, 46, CHECK_CLIENT_CONFIG) \
  X(kGetClientConfig, 47, GET_CLIENT_CONFIG) \
  X(kUpdateAndCreateAclConfig, 50, UPDATE_AND_CREATE_ACL_CONFIG) \
  X(kDeleteAclConfig, 51, DELETE_ACL_CONFIG) \
  X(kGetBrokerClusterAclInfo, 52, GET_BROKER_CLUSTER_ACL_INFO) \
  X(kUpdateGlobalWhiteAddrsConfig, 53, UPDATE_GLOBAL_WHITE_ADDRS_CONFIG) \
  X(kGetBrokerClusterAclConfig, 54, GET_BROKER_CLUSTER_ACL_CONFIG) \
  X(kGetTimerCheckPoint, 60, GET_TIMER_CHECK_POINT) \
  X(kGetTimerMetrics, 61, GET_TIMER_METRICS) \
  X(kPutKvConfig, 100, PUT_KV_CONFIG) \
  X(kGetKvConfig, 101, GET_KV_CONFIG) \
  X(kDeleteKvConfig, 102, DELETE_KV_CONFIG) \
  X(kRegisterBroker, 103, REGISTER_BROKER) \
  X(kUnregisterBroker, 104, UNREGISTER_BROKER) \
  X(kGetRouteInfoByTopic, 105, GET_ROUTEINFO_BY_TOPIC) \
  X(kGetBrokerClusterInfo, 106, GET_BROKER_CLUSTER_INFO) \
  X(kUpdateAndCreateSubscriptionGroup, 200, UPDATE_AND_CREATE_SUBSCRIPTIONGROUP) \
  X(kGetAllSubscriptionGroupConfig, 201, GET_ALL_SUBSCRIPTIONGROUP_CONFIG) \
  X(kGetTopicStatsInfo, 202, GET_TOPIC_STATS_INFO) \
  X(kGetConsumerConnectionList, 203, GET_CONSUMER_CONNECTION_LIST) \
  X(kGetProducerConnectionList, 204, GET_PRODUCER_CONNECTION_LIST) \
  X(kWipeWritePermOfBroker, 205, WIPE_WRITE_PERM_OF_BROKER) \
  X(kGetAllTopicListFromNameServer, 206, GET_ALL_TOPIC_LIST_FROM_NAMESERVER) \
  X(kDeleteSubscriptionGroup, 207, DELETE_SUBSCRIPTIONGROUP) \
  X(kGetConsumeStats, 208, GET_CONSUME_STATS) \
  X(kSuspendConsumer, 209, SUSPEND_CONSUMER) \
  X(kResumeConsumer, 210, RESUME_CONSUMER) \
  X(kResetConsumerOffsetInConsumer, 211, RESET_CONSUMER_OFFSET_IN_CONSUMER) \
  X(kResetConsumerOffsetInBroker, 212, RESET_CONSUMER_OFFSET_IN_BROKER) \
  X(kAdjustConsumerThreadPool, 213, ADJUST_CONSUMER_THREAD_POOL) \
  X(kWhoConsumeTheMessage, 214, WHO_CONSUME_THE_MESSAGE) \
  X(kDeleteTopicInBroker, 215, DELETE_TOPIC_IN_BROKER) \
  X(kDeleteTopicInNamesrv, 216, DELETE_TOPIC_IN_NAMESRV) \
  X(kRegisterTopicInNamesrv, 217, REGISTER_TOPIC_IN_NAMESRV) \
  X(kGetKvListByNamespace, 219, GET_KVLIST_BY_NAMESPACE) \
  X(kResetConsumerClientOffset, 220, RESET_CONSUMER_CLIENT_OFFSET) \
  X(kGetConsumerStatusFromClient, 221, GET_CONSUMER_STATUS_FROM_CLIENT) \
  X(kInvokeBrokerToResetOffset, 222, INVOKE_BROKER_TO_RESET_OFFSET) \
  X(kInvokeBrokerToGetConsumerStatus, 223, INVOKE_BROKER_TO_GET_CONSUMER_STATUS) \
  X(kGetTopicsByCluster, 224, GET_TOPICS_BY_CLUSTER) \
  X(kUpdateAndCreateSubscriptionGroupList, 225, UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST) \
  X(kQueryTopicConsumeByWho, 300, QUERY_TOPIC_CONSUME_BY_WHO) \
  X(kRegisterFilterServer, 301, REGISTER_FILTER_SERVER) \
  X(kRegisterMessageFilterClass, 302, REGISTER_MESSAGE_FILTER_CLASS) \
  X(kQueryConsumeTimeSpan, 303, QUERY_CONSUME_TIME_SPAN) \
  X(kGetSystemTopicListFromNs, 304, GET_SYSTEM_TOPIC_LIST_FROM_NS) \
  X(kGetSystemTopicListFromBroker, 305, GET_SYSTEM_TOPIC_LIST_FROM_BROKER) \
  X(kCleanExpiredConsumeQueue, 306, CLEAN_EXPIRED_CONSUMEQUEUE) \
  X(kGetConsumerRunningInfo, 307, GET_CONSUMER_RUNNING_INFO) \
  X(kQueryCorrectionOffset, 308, QUERY_CORRECTION_OFFSET) \
  X(kConsumeMessageDirectly, 309, CONSUME_MESSAGE_DIRECTLY) \
  X(kSendMessageV2, 310, SEND_MESSAGE_V2) \
  X(kGetUnitTopicList, 311, GET_UNIT_TOPIC_LIST) \
  X(kGetHasUnitSubTopicList, 312, GET_HAS_UNIT_SUB_TOPIC_LIST) \
  X(kGetHasUnitSubUnunitTopicList, 313, GET_HAS_UNIT_SUB_UNUNIT_TOPIC_LIST) \
  X(kCloneGroupOffset, 314, CLONE_GROUP_OFFSET) \
  X(kViewBrokerStatsData, 315, VIEW_BROKER_STATS_DATA) \
  X(kCleanUnusedTopic, 316, CLEAN_UNUSED_TOPIC) \
  X(kGetBrokerConsumeStats, 317, GET_BROKER_CONSUME_STATS) \
  X(kUpdateNamesrvConfig, 318, UPDATE_NAMESRV_CONFIG) \
  X(kGetNamesrvConfig, 319, GET_NAMESRV_CONFIG) \
  X(kSendBatchMessage, 320, SEND_BATCH_MESSAGE) \
  X(kQueryConsumeQueue, 321, QUERY_CONSUME_QUEUE) \
  X(kQueryDataVersion, 322, QUERY_DATA_VERSION) \
  X(kResumeCheckHalfMessage, 323, RESUME_CHECK_HALF_MESSAGE) \
  X(kSendReplyMessage, 324, SEND_REPLY_MESSAGE) \
  X(kSendReplyMessageV2, 325, SEND_REPLY_MESSAGE_V2) \
  X(kPushReplyMessageToClient, 326, PUSH_REPLY_MESSAGE_TO_CLIENT) \
  X(kAddWritePermOfBroker, 327, ADD_WRITE_PERM_OF_BROKER) \
  X(kGetAllProducerInfo, 328, GET_ALL_PRODUCER_INFO) \
  X(kDeleteExpiredCommitLog, 329, DELETE_EXPIRED_COMMITLOG) \
  X(kQueryTopicsByConsumer, 343, QUERY_TOPICS_BY_CONSUMER) \
  X(kQuerySubscriptionByConsumer, 345, QUERY_SUBSCRIPTION_BY_CONSUMER) \
  X(kGetTopicConfig, 351, GET_TOPIC_CONFIG) \
  X(kGetSubscriptionGroupConfig, 352, GET_SUBSCRIPTIONGROUP_CONFIG) \
  X(kUpdateAndGetGroupForbidden, 353, UPDATE_AND_GET_GROUP_FORBIDDEN) \
  X(kCheckRocksDbCqWriteProgress, 354, CHECK_ROCKSDB_CQ_WRITE_PROGRESS) \
  X(kExportRocksDbConfigToJson, 355, EXPORT_ROCKSDB_CONFIG_TO_JSON) \
  X(kLitePullMessage, 361, LITE_PULL_MESSAGE) \
  X(kRecallMessage, 370, RECALL_MESSAGE) \
  X(kQueryAssignment, 400, QUERY_ASSIGNMENT) \
  X(kSetMessageRequestMode, 401, SET_MESSAGE_REQUEST_MODE) \
  X(kGetAllMessageRequestMode, 402, GET_ALL_MESSAGE_REQUEST_MODE) \
  X(kUpdateAndCreateStaticTopic, 513, UPDATE_AND_CREATE_STATIC_TOPIC) \
  X(kGetBrokerMemberGroup, 901, GET_BROKER_MEMBER_GROUP) \
  X(kAddBroker, 902, ADD_BROKER) \
  X(kRemoveBroker, 903, REMOVE_BROKER) \
  X(kBrokerHeartbeat, 904, BROKER_HEARTBEAT) \
  X(kNotifyMinBrokerIdChange, 905, NOTIFY_MIN_BROKER_ID_CHANGE) \
  X(kExchangeBrokerHaInfo, 906, EXCHANGE_BROKER_HA_INFO) \
  X(kGetBrokerHaStatus, 907, GET_BROKER_HA_STATUS) \
  X(kResetMasterFlushOffset, 908, RESET_MASTER_FLUSH_OFFSET) \
  X(kControllerAlterSyncStateSet, 1001, CONTROLLER_ALTER_SYNC_STATE_SET) \
  X(kControllerElectMaster, 1002, CONTROLLER_ELECT_MASTER) \
  X(kControllerRegisterBroker, 1003, CONTROLLER_REGISTER_BROKER) \
  X(kControllerGetReplicaInfo, 1004, CONTROLLER_GET_REPLICA_INFO) \
  X(kControllerGetMetadataInfo, 1005, CONTROLLER_GET_METADATA_INFO) \
  X(kControllerGetSyncStateData, 1006, CONTROLLER_GET_SYNC_STATE_DATA) \
  X(kGetBrokerEpochCache, 1007, GET_BROKER_EPOCH_CACHE) \
  X(kNotifyBrokerRoleChanged, 1008, NOTIFY_BROKER_ROLE_CHANGED) \
  X(kUpdateControllerConfig, 1009, UPDATE_CONTROLLER_CONFIG) \
  X(kGetControllerConfig, 1010, GET_CONTROLLER_CONFIG) \
  X(kCleanBrokerData, 1011, CLEAN_BROKER_DATA) \
  X(kControllerGetNextBrokerId, 1012, CONTROLLER_GET_NEXT_BROKER_ID) \
  X(kControllerApplyBrokerId, 1013, CONTROLLER_APPLY_BROKER_ID) \
  X(kBrokerCloseChannelRequest, 1014, BROKER_CLOSE_CHANNEL_REQUEST) \
  X(kCheckNotActiveBrokerRequest, 1015, CHECK_NOT_ACTIVE_BROKER_REQUEST) \
  X(kGetBrokerLiveInfoRequest, 1016, GET_BROKER_LIVE_INFO_REQUEST) \
  X(kGetSyncStateDataRequest, 1017, GET_SYNC_STATE_DATA_REQUEST) \
  X(kRaftBrokerHeartBeatEventRequest, 1018, RAFT_BROKER_HEART_BEAT_EVENT_REQUEST) \
  X(kUpdateColdDataFlowCtrConfig, 2001, UPDATE_COLD_DATA_FLOW_CTR_CONFIG) \
  X(kRemoveColdDataFlowCtrConfig, 2002, REMOVE_COLD_DATA_FLOW_CTR_CONFIG) \
  X(kGetColdDataFlowCtrInfo, 2003, GET_COLD_DATA_FLOW_CTR_INFO) \
  X(kSetCommitLogReadMode, 2004, SET_COMMITLOG_READ_MODE) \
  X(kAuthCreateUser, 3001, AUTH_CREATE_USER) \
  X(kAuthUpdateUser, 3002, AUTH_UPDATE_USER) \
  X(kAuthDeleteUser, 3003, AUTH_DELETE_USER) \
  X(kAuthGetUser, 3004, AUTH_GET_USER) \
  X(kAuthListUser, 3005, AUTH_LIST_USER) \
  X(kAuthCreateAcl, 3006, AUTH_CREATE_ACL) \
  X(kAuthUpdateAcl, 3007, AUTH_UPDATE_ACL) \
  X(kAuthDeleteAcl, 3008, AUTH_DELETE_ACL) \
  X(kAuthGetAcl, 3009, AUTH_GET_ACL) \
  X(kAuthListAcl, 3010, AUTH_LIST_ACL) \
  X(kSwitchTimerEngine, 5001, SWITCH_TIMER_ENGINE) \
  X(kDeleteTopicInBrokerList, 5002, DELETE_TOPIC_IN_BROKER_LIST) \
  X(kDeleteSubscriptionGroupList, 5003, DELETE_SUBSCRIPTION_GROUP_LIST) \
  X(kPopMessage, 200050, POP_MESSAGE) \
  X(kAckMessage, 200051, ACK_MESSAGE) \
  X(kPeekMessage, 200052, PEEK_MESSAGE) \
  X(kChangeMessageInvisibleTime, 200053, CHANGE_MESSAGE_INVISIBLETIME) \
  X(kNotification, 200054, NOTIFICATION) \
  X(kPollingInfo, 200055, POLLING_INFO) \
  X(kPopRollback, 200056, POP_ROLLBACK) \
  X(kPopLiteMessage, 200070, POP_LITE_MESSAGE) \
  X(kLiteSubscriptionCtl, 200071, LITE_SUBSCRIPTION_CTL) \
  X(kAckLiteMessage, 200072, ACK_LITE_MESSAGE) \
  X(kNotifyUnsubscribeLite, 200073, NOTIFY_UNSUBSCRIBE_LITE) \
  X(kGetBrokerLiteInfo, 200074, GET_BROKER_LITE_INFO) \
  X(kGetParentTopicInfo, 200075, GET_PARENT_TOPIC_INFO) \
  X(kGetLiteTopicInfo, 200076, GET_LITE_TOPIC_INFO) \
  X(kGetLiteClientInfo, 200077, GET_LITE_CLIENT_INFO) \
  X(kGetLiteGroupInfo, 200078, GET_LITE_GROUP_INFO) \
  X(kTriggerLiteDispatch, 200079, TRIGGER_LITE_DISPATCH) \
  X(kBatchAckMessage, 200151, BATCH_ACK_MESSAGE)
// clang-format on

enum class RequestCode : int32_t {
#define RMQ_ENUMERATOR(name, number, apache_name) name = number,
  RMQ_REQUEST_CODES(RMQ_ENUMERATOR)
#undef RMQ_ENUMERATOR
};

// Apache's name, "PULL_MESSAGE"; "UNKNOWN" for a number without one.
std::string_view RequestCodeName(int32_t code);
inline std::string_view RequestCodeName(RequestCode code) {
  return RequestCodeName(static_cast<int32_t>(code));
}

}  // namespace rmq::wire
