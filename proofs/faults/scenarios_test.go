package faults_test

import (
	"os"
	"path/filepath"
	"time"

	"github.com/musterfleet/muster/executor/wire"
)

// scenario is a fault in the middle of a rollout. Those that are quick are in make test.
type scenario struct {
	name, how string
	quick     bool
	// replicas of muster serve roll it out, if not 0, instead of muster apply.
	replicas int
	do       func(*rig)
}

var scenarios = []scenario{
	{"nothing", "for comparison", false, 0, func(*rig) {}},
	{"the executor", "kill -9; another one attaches to its run once the lease is out", true, 0, func(r *rig) {
		r.acting[0].kill()
		r.acting = nil
		r.execute()
	}},
	{"the executor, overtaken", "it stands still for 4 s, longer than its lease; another takes over; then it goes on", false, 0, func(r *rig) {
		r.execute()
		r.acting[0].freeze(4 * time.Second)
	}},
	{"the executor, doubled", "three more, all at once", false, 0, func(r *rig) {
		for range 3 {
			r.execute()
		}
	}},
	{"the executor's network", "all its connections are cut for 4 s, longer than its lease", false, 0, func(r *rig) {
		r.lines(cut, r.toExecutors[:]...)
		time.Sleep(4 * time.Second)
		r.lines(good, r.toExecutors[:]...)
	}},
	{"nothing, with replicas", "three of muster serve, for comparison", false, 3, func(*rig) {}},
	{"a replica", "kill -9 of the one of three that leads", true, 3, (*rig).loses},
	{"two replicas", "kill -9 of the one of three that leads, and of the one that leads after it", false, 3, func(r *rig) {
		r.loses()
		r.loses()
	}},
	{"a replica, overtaken", "the one that leads stands still for 6 s, longer than its lease; another leads; then it goes on", false, 3, func(r *rig) {
		r.acting[r.leads()].freeze(6 * time.Second)
	}},
	{"all replicas", "kill -9 of all three; three others after 2 s", false, 3, func(r *rig) {
		for _, p := range r.acting {
			p.kill()
		}
		r.acting = nil
		time.Sleep(2 * time.Second)
		for range 3 {
			r.execute()
		}
	}},
	{"the replicas' network", "all their connections are cut for 4 s, longer than their lease", false, 3, func(r *rig) {
		r.lines(cut, r.toExecutors[:]...)
		time.Sleep(4 * time.Second)
		r.lines(good, r.toExecutors[:]...)
	}},
	{"services", "kill -9 of one hub and callout of two; back after 2 s", false, 0, func(r *rig) { r.restart(1) }},
	{"all services", "kill -9 of both; back after 2 s", false, 0, func(r *rig) { r.restart(2) }},
	{"the server that leads", "kill -9 of the leader of the bucket of desired states; back after 2 s", true, 0, func(r *rig) { r.hit(2*time.Second, r.leader()) }},
	{"a server that follows", "kill -9 of another one; back after 2 s", false, 0, func(r *rig) { r.hit(2*time.Second, (r.leader()+1)%servers) }},
	{"all servers", "kill -9 of all; back after 2 s", false, 0, func(r *rig) { r.hit(2*time.Second, 0, 1, 2) }},
	{"a server that hangs", "the leader stands still for 10 s, its connections open", false, 0, func(r *rig) { r.servers[r.leader()].freeze(10 * time.Second) }},
	{"a server cut off", "the leader loses the two others for 5 s, and keeps its clients", false, 0, func(r *rig) {
		alone := r.leader()
		set := func(q quality) {
			for i := range servers {
				r.lines(q, r.routes[alone][i], r.routes[i][alone])
			}
		}
		set(cut)
		time.Sleep(5 * time.Second)
		set(good)
	}},
	{"the agents", "kill -9 of all; started again at once; what they run goes on", false, 0, func(r *rig) { r.reboot(false) }},
	{"the machines", "all reboot; what ran is gone", false, 0, func(r *rig) { r.reboot(true) }},
	{"disks of devices", "all full for 8 s", false, 0, func(r *rig) { r.fullDevices(8 * time.Second) }},
	{"the disk of the server that leads", "full for 8 s; then freed, and the server started anew", false, 0, func(r *rig) { r.fullServers(8*time.Second, r.leader()) }},
	{"the disks of all servers", "full for 8 s; then freed, and the servers started anew", false, 0, func(r *rig) { r.fullServers(8*time.Second, 0, 1, 2) }},
	{"the network", "all connections of devices are cut for 5 s", false, 0, func(r *rig) {
		r.lines(cut, r.toDevices[:]...)
		time.Sleep(5 * time.Second)
		r.lines(good, r.toDevices[:]...)
	}},
	{"half the network", "the connections of devices to two of three servers are cut for 5 s", false, 0, func(r *rig) {
		r.lines(cut, r.toDevices[:2]...)
		time.Sleep(5 * time.Second)
		r.lines(good, r.toDevices[:2]...)
	}},
	{"a 2G network", "devices connect anew, over 27 kbit/s and 150 ms each way, for the rest of the rollout", false, 0, func(r *rig) {
		r.lines(cut, r.toDevices[:]...)
		r.lines(slow, r.toDevices[:]...)
	}},
	{"a flapping network", "cut for half a second, ten times", false, 0, func(r *rig) {
		for range 10 {
			r.lines(cut, r.toDevices[:]...)
			time.Sleep(500 * time.Millisecond)
			r.lines(good, r.toDevices[:]...)
			time.Sleep(500 * time.Millisecond)
		}
	}},
}

func (r *rig) lines(q quality, lines ...*proxy) {
	for _, p := range lines {
		p.set(q)
	}
}

// leader is the server that leads the bucket of desired states, by number.
func (r *rig) leader() int {
	s, err := r.js.Stream(r.Context(), "KV_"+wire.DesiredBucket)
	must(r.T, err)
	return int(s.CachedInfo().Cluster.Leader[1] - '0')
}

// hit kills servers and starts them again after a while.
func (r *rig) hit(after time.Duration, which ...int) {
	for _, i := range which {
		r.servers[i].kill()
	}
	time.Sleep(after)
	for _, i := range which {
		r.servers[i] = r.configs[i].start(r.T)
	}
}

// restart kills services, and starts as many again after a while.
func (r *rig) restart(n int) {
	for i := range n {
		r.services[i].kill()
	}
	time.Sleep(2 * time.Second)
	for i := range n {
		r.services[i] = r.serve().start(r.T)
	}
}

// reboot kills all agents and starts them again. With the machines goes what they run.
func (r *rig) reboot(machines bool) {
	for i, p := range r.fleet {
		r.agents[i].kill()
		if machines {
			slots := filepath.Join(p.Dir, slotDir)
			must(r.T, os.RemoveAll(slots))
			must(r.T, os.Mkdir(slots, 0o755))
		}
		r.agents[i] = p.start(r.T)
	}
}
