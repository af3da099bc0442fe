package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/apache/rocketmq-client-go/v2/primitive"
)

const (
	batchSize   = 100
	asyncWindow = 64
	// One-way sends are not answered; the client writes them to the socket one by one.
	oneWayWindow = 500
)

// production sends `count` messages in each of the four ways into one topic.
type production struct {
	*cluster
	topicName string
	keys      map[string]bool
	places    map[string]bool
}

func newProduction(c *cluster, topic string) *production {
	return &production{cluster: c, topicName: topic,
		keys: map[string]bool{}, places: map[string]bool{}}
}

// take notes the place that the broker gave to a message, and that no other got the same.
func (p *production) take(result *primitive.SendResult) error {
	if result.Status != primitive.SendOK {
		return fmt.Errorf("send status %v", result.Status)
	}
	// A batch has no id of the client's in this client.
	if result.OffsetMsgID == "" {
		return errors.New("a result without the broker's id")
	}
	place := fmt.Sprintf("%d@%d", result.MessageQueue.QueueId, result.QueueOffset)
	if p.places[place] {
		return fmt.Errorf("queue@offset %s was given twice", place)
	}
	p.places[place] = true
	return nil
}

// next notes the key even if the answer should displease: consumers will get the message.
func (p *production) next(producer string, sequence int) *primitive.Message {
	p.keys[key(producer, sequence)] = true
	return newMessage(p.topicName, producer, sequence)
}

func (p *production) done() (string, error) { return fmt.Sprintf("%d messages", p.count), nil }

func (p *production) sync() (string, error) {
	for i := 0; i < p.count; i++ {
		result, err := p.producer.SendSync(context.Background(), p.next("sync", i))
		if err != nil {
			return "", err
		}
		if err := p.take(result); err != nil {
			return "", err
		}
	}
	return p.done()
}

func (p *production) async() (string, error) {
	var messages []*primitive.Message
	for i := 0; i < p.count; i++ {
		messages = append(messages, p.next("async", i))
	}
	results, err := p.sendAsync(messages)
	if err != nil {
		return "", err
	}
	for _, result := range results {
		if err := p.take(result); err != nil {
			return "", err
		}
	}
	return p.done()
}

// sendAsync sends with a bounded number under way and returns every result, or the first error.
func (c *cluster) sendAsync(messages []*primitive.Message) ([]*primitive.SendResult, error) {
	type answer struct {
		result *primitive.SendResult
		err    error
	}
	answers := make(chan answer, asyncWindow)
	callback := func(_ context.Context, result *primitive.SendResult, err error) {
		answers <- answer{result, err}
	}
	var results []*primitive.SendResult
	sent := 0
	for len(results) < len(messages) {
		if sent < len(messages) && sent-len(results) < asyncWindow {
			if err := c.producer.SendAsync(context.Background(), callback, messages[sent]); err != nil {
				return nil, err
			}
			sent++
			continue
		}
		select {
		case a := <-answers:
			if a.err != nil {
				return nil, a.err
			}
			results = append(results, a.result)
		case <-time.After(c.deadline):
			return nil, fmt.Errorf("%d of %d callbacks came", len(results), sent)
		}
	}
	return results, nil
}

// oneWay is held back by a message that is answered: it has the same connection behind it.
func (p *production) oneWay() (string, error) {
	for i := 0; i < p.count; i++ {
		m := p.next("oneway", i)
		if i%oneWayWindow == oneWayWindow-1 || i == p.count-1 {
			if _, err := p.producer.SendSync(context.Background(), m); err != nil {
				return "", err
			}
		} else if err := p.producer.SendOneWay(context.Background(), m); err != nil {
			return "", err
		}
	}
	return p.done()
}

func (p *production) batch() (string, error) {
	for from := 0; from < p.count; from += batchSize {
		var batch []*primitive.Message
		for i := from; i < p.count && i < from+batchSize; i++ {
			batch = append(batch, p.next("batch", i))
		}
		result, err := p.producer.SendSync(context.Background(), batch...)
		if err != nil {
			return "", err
		}
		if err := p.take(result); err != nil {
			return "", err
		}
		if ids := strings.Count(result.OffsetMsgID, ",") + 1; ids != len(batch) {
			return "", fmt.Errorf("%d offset ids for a batch of %d", ids, len(batch))
		}
	}
	return p.done()
}
