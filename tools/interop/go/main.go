// interop drives a cluster with Apache's Go client and judges what comes back.
//
// Usage: interop --namesrv HOST:PORT --topic-prefix X --count N [--deadline 60s]. It prints a line
// "PASS name ..." or "FAIL name: reason" for each scenario and exits with 1 when any failed. Topics
// and groups begin with the prefix, which must be new to the cluster.
package main

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/apache/rocketmq-client-go/v2/rlog"
)

const queueCount = 8

type settings struct {
	namesrv  string
	prefix   string
	count    int
	deadline time.Duration
}

func (s *settings) topic(name string) string { return s.prefix + "_" + name }
func (s *settings) group(name string) string { return s.prefix + "_g_" + name }

func main() {
	s := &settings{}
	flag.StringVar(&s.namesrv, "namesrv", "127.0.0.1:9876", "address of the NameServer")
	flag.StringVar(&s.prefix, "topic-prefix",
		"interopgo_"+strconv.FormatInt(time.Now().UnixMilli(), 36), "how topics and groups begin")
	flag.IntVar(&s.count, "count", 10_000, "messages of each scenario")
	flag.DurationVar(&s.deadline, "deadline", time.Minute, "longest wait of a scenario")
	flag.Parse()
	if os.Getenv("INTEROP_SHOW") == "" {
		rlog.SetLogLevel("fatal")
	}

	r := &report{}
	c, err := newCluster(s)
	if err != nil {
		r.run("start_producer", func() (string, error) { return "", err })
		os.Exit(1)
	}
	runAll(c, r)
	c.close()
	if r.failed > 0 {
		os.Exit(1)
	}
}

func runAll(c *cluster, r *report) {
	all, ordered, tagged := c.topic("all"), c.topic("orderly"), c.topic("tags")
	r.run("create_topic_by_sending", c.createBySending)
	r.run("create_topic", func() (string, error) {
		for _, topic := range []string{all, ordered, tagged} {
			if err := c.createTopic(topic); err != nil {
				return "", err
			}
		}
		return "3 topics", nil
	})

	p := newProduction(c, all)
	members := &pair{ledger: newLedger(), allocations: &allocations{}}
	r.run("consume_clustering_shares_queues", func() (string, error) {
		return members.start(c, all, "cluster", false)
	})
	r.run("produce_sync", p.sync)
	r.run("produce_async", p.async)
	r.run("produce_oneway", p.oneWay)
	r.run("produce_batch", p.batch)
	r.run("consume_clustering", func() (string, error) { return members.receive(c, p.keys) })
	r.run("consume_clustering_stops", func() (string, error) { return members.stop(p.keys) })
	r.run("consume_resumed", func() (string, error) { return resume(c, p, "cluster") })
	r.run("consume_broadcasting", func() (string, error) { return broadcast(c, all, p.keys) })
	r.run("pull", func() (string, error) { return pullAll(c, all, p.keys) })
	r.run("pull_by_polling", func() (string, error) { return pollAll(c, all, p.keys) })
	r.run("consume_orderly", func() (string, error) { return orderly(c, ordered) })
	r.run("consume_tags", func() (string, error) { return tags(c, tagged) })
}

// report runs scenarios one after the other and prints a line for each.
type report struct{ failed int }

func (r *report) run(name string, scenario func() (string, error)) {
	start := time.Now()
	note, err := scenario()
	if err != nil {
		r.failed++
		fmt.Printf("FAIL %s: %v\n", name, err)
		return
	}
	fmt.Printf("PASS %s (%.1f s) %s\n", name, time.Since(start).Seconds(), note)
}

// eventually returns once `reached` holds, and fails with the newest `state` when time is up.
func eventually(deadline time.Duration, reached func() bool, state func() string) error {
	end := time.Now().Add(deadline)
	for !reached() {
		if time.Now().After(end) {
			return fmt.Errorf("after %v: %s", deadline, state())
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil
}
