package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/admin"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
)

// cluster is the cluster under test: topics, the shared producers, and the way to its queues.
type cluster struct {
	*settings
	producer rocketmq.Producer // Spreads messages over the queues.
	hashing  rocketmq.Producer // Chooses the queue by the message's sharding key.
	broker   string
}

func newCluster(s *settings) (*cluster, error) {
	c := &cluster{settings: s}
	var err error
	if c.producer, err = c.newProducer("producer"); err != nil {
		return nil, err
	}
	c.hashing, err = c.newProducer("hashing",
		producer.WithQueueSelector(producer.NewHashQueueSelector()))
	return c, err
}

func (c *cluster) newProducer(name string, extra ...producer.Option) (rocketmq.Producer, error) {
	options := append([]producer.Option{
		producer.WithNameServer([]string{c.namesrv}),
		producer.WithGroupName(c.group(name)),
		producer.WithInstanceName(c.prefix + "@" + name),
		// A retry after a time-out may store a message twice, and here twice is a failure.
		producer.WithSendMsgTimeout(15 * time.Second),
	}, extra...)
	p, err := rocketmq.NewProducer(options...)
	if err != nil {
		return nil, err
	}
	return p, p.Start()
}

func (c *cluster) close() {
	c.producer.Shutdown()
	c.hashing.Shutdown()
}

// queues asks the NameServer itself: the client's own answer is up to 30 s old.
func (c *cluster) queues(topic string) ([]*primitive.MessageQueue, error) {
	a, err := admin.NewAdmin(
		admin.WithResolver(primitive.NewPassthroughResolver([]string{c.namesrv})))
	if err != nil {
		return nil, err
	}
	defer a.Close()
	return a.FetchPublishMessageQueues(context.Background(), topic)
}

func (c *cluster) awaitQueues(topic string, want int) error {
	var got []*primitive.MessageQueue
	var err error
	return eventually(c.deadline, func() bool {
		got, err = c.queues(topic)
		return err == nil && len(got) == want
	}, func() string { return fmt.Sprintf("%s has the queues %v (%v)", topic, got, err) })
}

// createBySending also learns the broker's address, which is part of the message's id.
func (c *cluster) createBySending() (string, error) {
	topic := c.topic("auto")
	result, err := c.producer.SendSync(context.Background(), newMessage(topic, "auto", 0))
	if err != nil {
		return "", err
	}
	id, err := primitive.UnmarshalMsgID([]byte(result.OffsetMsgID))
	if err != nil {
		return "", fmt.Errorf("id %s: %w", result.OffsetMsgID, err)
	}
	c.broker = id.Addr + ":" + strconv.Itoa(int(id.Port))
	return "4 queues at " + c.broker, c.awaitQueues(topic, 4)
}

// createTopic does not trust the answer, since the client drops its code: the route decides.
func (c *cluster) createTopic(topic string) error {
	a, err := admin.NewAdmin(
		admin.WithResolver(primitive.NewPassthroughResolver([]string{c.namesrv})))
	if err != nil {
		return err
	}
	defer a.Close()
	err = a.CreateTopic(context.Background(), admin.WithTopicCreate(topic),
		admin.WithBrokerAddrCreate(c.broker), admin.WithReadQueueNums(queueCount),
		admin.WithWriteQueueNums(queueCount))
	if err != nil {
		return err
	}
	return c.awaitQueues(topic, queueCount)
}

func key(producer string, sequence int) string { return fmt.Sprintf("%s-%d", producer, sequence) }

func body(key string) string { return "body of " + key + " \u00e9\u4e2d" }

func newMessage(topic, producer string, sequence int) *primitive.Message {
	k := key(producer, sequence)
	return primitive.NewMessage(topic, []byte(body(k))).WithKeys([]string{k})
}

// lockInterval is how often an orderly member asks for its queues' locks. A new queue is consumed
// only after the next such request, and the client's default of 20 s would be a scenario's length.
func (c *cluster) lockInterval() time.Duration { return 500 * time.Millisecond }
