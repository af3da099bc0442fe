package main

import (
	"errors"
	"fmt"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/apache/rocketmq-client-go/v2/primitive"
)

// ledger notes what a group or a member received: how often each key, and each queue's offsets.
type ledger struct {
	mutex   sync.Mutex
	times   map[string]int
	offsets map[string][]int64
	members map[int]int
	total   int
	defect  string
}

func newLedger() *ledger {
	return &ledger{times: map[string]int{}, offsets: map[string][]int64{}, members: map[int]int{}}
}

func (l *ledger) add(member int, m *primitive.MessageExt) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	// The client appends a separator to the keys.
	k := strings.TrimSpace(m.GetKeys())
	l.times[k]++
	l.total++
	l.members[member]++
	queue := fmt.Sprintf("%s/%d", m.Queue.BrokerName, m.Queue.QueueId)
	l.offsets[queue] = append(l.offsets[queue], m.QueueOffset)
	if string(m.Body) != body(k) && l.defect == "" {
		l.defect = "body of " + k + " is not the one that was sent"
	}
}

func (l *ledger) counts() (distinct, total, first, second int) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return len(l.times), l.total, l.members[1], l.members[2]
}

// expectExactly waits for every key, then demands that nothing came twice or uncalled.
func (l *ledger) expectExactly(keys map[string]bool, deadline time.Duration) error {
	if len(keys) == 0 {
		return errors.New("there are no messages to receive")
	}
	err := eventually(deadline, func() bool {
		distinct, _, _, _ := l.counts()
		return distinct >= len(keys)
	}, func() string {
		distinct, _, _, _ := l.counts()
		return fmt.Sprintf("%d of %d arrived, missing %v", distinct, len(keys), l.missing(keys))
	})
	if err != nil {
		return err
	}
	if missing := l.missing(keys); len(missing) > 0 {
		return fmt.Errorf("missing %v", missing)
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for k, times := range l.times {
		if times > 1 {
			return fmt.Errorf("%s was received %d times", k, times)
		}
	}
	if l.total != len(keys) {
		return fmt.Errorf("%d messages received instead of %d", l.total, len(keys))
	}
	if l.defect != "" {
		return fmt.Errorf("%s", l.defect)
	}
	return nil
}

func (l *ledger) missing(keys map[string]bool) []string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	var missing []string
	for k := range keys {
		if l.times[k] == 0 {
			missing = append(missing, k)
		}
	}
	sort.Strings(missing)
	if len(missing) > 5 {
		missing = missing[:5]
	}
	return missing
}

// expectQueuesWithoutGap demands offsets 0, 1, 2 ... of each queue: as received when `inOrder`,
// else after sorting.
func (l *ledger) expectQueuesWithoutGap(inOrder bool) error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for queue, received := range l.offsets {
		offsets := append([]int64(nil), received...)
		if !inOrder {
			sort.Slice(offsets, func(i, j int) bool { return offsets[i] < offsets[j] })
		}
		for i, offset := range offsets {
			if offset != int64(i) {
				return fmt.Errorf("queue %s has offset %d in place %d", queue, offset, i)
			}
		}
	}
	if len(l.offsets) != queueCount {
		return fmt.Errorf("%d queues with messages", len(l.offsets))
	}
	return nil
}
