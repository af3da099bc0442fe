package main

import (
	"context"
	"fmt"
	"time"

	"github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

func startPuller(c *cluster, group, topic string) (rocketmq.PullConsumer, error) {
	puller, err := rocketmq.NewPullConsumer(
		consumer.WithNameServer([]string{c.namesrv}),
		consumer.WithGroupName(c.group(group)),
		consumer.WithInstance(c.prefix+"@"+group),
		consumer.WithConsumeFromWhere(consumer.ConsumeFromFirstOffset),
		consumer.WithPullBatchSize(64))
	if err != nil {
		return nil, err
	}
	if err := puller.Subscribe(topic, consumer.MessageSelector{}); err != nil {
		return nil, err
	}
	return puller, puller.Start()
}

// pullAll names queue and offset itself and goes through each queue from front to back.
func pullAll(c *cluster, topic string, keys map[string]bool) (string, error) {
	puller, err := startPuller(c, "pull", topic)
	if err != nil {
		return "", err
	}
	defer puller.Shutdown()
	queues, err := c.queues(topic)
	if err != nil {
		return "", err
	}
	received := newLedger()
	for _, queue := range queues {
		for offset, end := int64(0), int64(1); offset < end; {
			result, err := puller.PullFrom(context.Background(), queue, offset, 256)
			if err != nil {
				return "", err
			}
			if result.Status != primitive.PullFound {
				return "", fmt.Errorf("pull of %v at %d: status %v", queue, offset, result.Status)
			}
			for _, m := range result.GetMessageExts() {
				m.Queue = queue
				received.add(1, m)
			}
			offset, end = result.NextBeginOffset, result.MaxOffset
		}
	}
	if err := received.expectExactly(keys, 0); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d messages", len(keys)), received.expectQueuesWithoutGap(true)
}

// pollAll lets the client pull ahead by itself and takes what it has.
func pollAll(c *cluster, topic string, keys map[string]bool) (string, error) {
	puller, err := startPuller(c, "poll", topic)
	if err != nil {
		return "", err
	}
	defer puller.Shutdown()
	received := newLedger()
	end := time.Now().Add(c.deadline)
	for total := 0; total < len(keys); _, total, _, _ = received.counts() {
		if time.Now().After(end) {
			return "", fmt.Errorf("%d of %d arrived", total, len(keys))
		}
		request, err := puller.Poll(context.Background(), 100*time.Millisecond)
		if consumer.IsNoNewMsgError(err) {
			continue
		}
		if err != nil {
			return "", err
		}
		for _, m := range request.GetMsgList() {
			m.Queue = request.GetMQ()
			received.add(1, m)
		}
		puller.ACK(context.Background(), request, consumer.ConsumeSuccess)
	}
	if err := received.expectExactly(keys, 0); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d messages", len(keys)), received.expectQueuesWithoutGap(false)
}
