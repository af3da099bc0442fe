package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

// allocations is the newest share of queues of each of two members. The client shows it nowhere
// else than to the strategy that computes it.
//
// A member takes nothing before its twin is there: an orderly one that has to give queues away does
// not unlock them, and the twin would get them only when the broker lets the locks expire.
type allocations struct {
	mutex  sync.Mutex
	shares [3]int
}

func (a *allocations) strategy(member int) consumer.AllocateStrategy {
	return func(group, id string, queues []*primitive.MessageQueue,
		ids []string) []*primitive.MessageQueue {
		if len(ids) < 2 {
			return nil
		}
		share := consumer.AllocateByAveragely(group, id, queues, ids)
		// The group's retry topic, with its one queue, is shared out as well.
		if len(queues) == queueCount {
			a.mutex.Lock()
			a.shares[member] = len(share)
			a.mutex.Unlock()
		}
		return share
	}
}

func (a *allocations) of(member int) int {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return a.shares[member]
}

// startMember starts a push consumer with a client of its own.
func startMember(c *cluster, group string, number int, topic, expression string,
	receive func(*primitive.MessageExt), extra ...consumer.Option) (rocketmq.PushConsumer, error) {
	options := append([]consumer.Option{
		consumer.WithNameServer([]string{c.namesrv}),
		consumer.WithGroupName(c.group(group)),
		consumer.WithInstance(c.prefix + "@" + group + strconv.Itoa(number)),
		consumer.WithConsumeFromWhere(consumer.ConsumeFromFirstOffset),
		consumer.WithConsumeMessageBatchMaxSize(32),
		consumer.WithPullBatchSize(32),
	}, extra...)
	member, err := rocketmq.NewPushConsumer(options...)
	if err != nil {
		return nil, err
	}
	selector := consumer.MessageSelector{}
	if expression != "*" {
		selector = consumer.MessageSelector{Type: consumer.TAG, Expression: expression}
	}
	err = member.Subscribe(topic, selector, func(_ context.Context,
		messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		for _, m := range messages {
			receive(m)
		}
		return consumer.ConsumeSuccess, nil
	})
	if err != nil {
		return nil, err
	}
	return member, member.Start()
}

// pair is two members of a group that hold half of the queues each before anything is sent.
type pair struct {
	ledger      *ledger
	allocations *allocations
	members     []rocketmq.PushConsumer
}

func (p *pair) start(c *cluster, topic, group string, ordered bool) (string, error) {
	for number := 1; number <= 2; number++ {
		member := number
		options := []consumer.Option{consumer.WithStrategy(p.allocations.strategy(member))}
		if ordered {
			options = append(options, consumer.WithConsumerOrder(true),
				consumer.WithRebalanceLockInterval(c.lockInterval()))
		}
		started, err := startMember(c, group, member, topic, "*",
			func(m *primitive.MessageExt) { p.ledger.add(member, m) }, options...)
		if err != nil {
			return "", err
		}
		p.members = append(p.members, started)
	}
	err := eventually(c.deadline, func() bool {
		return p.allocations.of(1) == queueCount/2 && p.allocations.of(2) == queueCount/2
	}, func() string {
		return fmt.Sprintf("the members hold %d and %d queues", p.allocations.of(1), p.allocations.of(2))
	})
	return fmt.Sprintf("%d and %d queues", queueCount/2, queueCount/2), err
}

func (p *pair) receive(c *cluster, keys map[string]bool) (string, error) {
	if err := p.ledger.expectExactly(keys, c.deadline); err != nil {
		return "", err
	}
	if err := p.ledger.expectQueuesWithoutGap(false); err != nil {
		return "", err
	}
	_, _, first, second := p.ledger.counts()
	if first == 0 || second == 0 {
		return "", errors.New("one member got nothing")
	}
	return fmt.Sprintf("%d and %d messages", first, second), nil
}

// stop shuts the members down, which hand in their offsets; nothing may have come twice by then.
func (p *pair) stop(keys map[string]bool) (string, error) {
	for _, member := range p.members {
		if err := member.Shutdown(); err != nil {
			return "", err
		}
	}
	if _, total, _, _ := p.ledger.counts(); total != len(keys) {
		return "", fmt.Errorf("%d messages received instead of %d", total, len(keys))
	}
	return "", nil
}

// resume starts a new member of a group that left: it gets what is new and nothing old. The new
// messages join the topic's.
func resume(c *cluster, p *production, group string) (string, error) {
	fresh := map[string]bool{}
	received := newLedger()
	member, err := startMember(c, group, 3, p.topicName, "*",
		func(m *primitive.MessageExt) { received.add(3, m) })
	if err != nil {
		return "", err
	}
	defer member.Shutdown()
	for i := 0; i < 100; i++ {
		m := newMessage(p.topicName, "resume", i)
		if _, err := c.producer.SendSync(context.Background(), m); err != nil {
			return "", err
		}
		fresh[key("resume", i)] = true
		p.keys[key("resume", i)] = true
	}
	return "100 new messages, no old one", received.expectExactly(fresh, c.deadline)
}

func broadcast(c *cluster, topic string, keys map[string]bool) (string, error) {
	ledgers := []*ledger{newLedger(), newLedger()}
	for i, l := range ledgers {
		received := l
		member, err := startMember(c, "broadcast", i+1, topic, "*",
			func(m *primitive.MessageExt) { received.add(1, m) },
			consumer.WithConsumerModel(consumer.BroadCasting))
		if err != nil {
			return "", err
		}
		defer member.Shutdown()
	}
	for _, l := range ledgers {
		if err := l.expectExactly(keys, c.deadline); err != nil {
			return "", err
		}
		if err := l.expectQueuesWithoutGap(false); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%d messages to each", len(keys)), nil
}

// orderly sends 64 streams of messages, each into the queue of its sharding key.
func orderly(c *cluster, topic string) (string, error) {
	const streams = 64
	members := &pair{ledger: newLedger(), allocations: &allocations{}}
	if _, err := members.start(c, topic, "orderly", true); err != nil {
		return "", err
	}
	keys := map[string]bool{}
	for i := 0; i < c.count; i++ {
		m := newMessage(topic, "orderly", i).WithShardingKey("stream" + strconv.Itoa(i%streams))
		if _, err := c.hashing.SendSync(context.Background(), m); err != nil {
			return "", err
		}
		keys[key("orderly", i)] = true
	}
	if err := members.ledger.expectExactly(keys, c.deadline); err != nil {
		return "", err
	}
	// The sender waited for each answer: a queue in order has every key in order.
	if err := members.ledger.expectQueuesWithoutGap(true); err != nil {
		return "", err
	}
	_, _, first, second := members.ledger.counts()
	if _, err := members.stop(keys); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d and %d messages", first, second), nil
}

// tags sends messages with one of four tags or none; the subscription names two of the tags.
func tags(c *cluster, topic string) (string, error) {
	names := []string{"TagA", "TagB", "TagC", "TagAB", ""}
	wanted := map[string]bool{}
	var messages []*primitive.Message
	for i := 0; i < c.count; i++ {
		m := newMessage(topic, "tags", i)
		if tag := names[i%len(names)]; tag != "" {
			m.WithTag(tag)
		}
		if i%len(names) < 2 {
			wanted[key("tags", i)] = true
		}
		messages = append(messages, m)
	}
	if _, err := c.sendAsync(messages); err != nil {
		return "", err
	}
	received := newLedger()
	foreign := make(chan string, 1)
	member, err := startMember(c, "tags", 1, topic, "TagA || TagB", func(m *primitive.MessageExt) {
		if tag := strings.TrimSpace(m.GetTags()); tag != "TagA" && tag != "TagB" {
			select {
			case foreign <- tag:
			default:
			}
		}
		received.add(1, m)
	})
	if err != nil {
		return "", err
	}
	defer member.Shutdown()
	if err := received.expectExactly(wanted, c.deadline); err != nil {
		return "", err
	}
	select {
	case tag := <-foreign:
		return "", fmt.Errorf("received tag %q", tag)
	default:
	}
	return fmt.Sprintf("%d of %d messages", len(wanted), c.count), nil
}
