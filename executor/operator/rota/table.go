package rota

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/musterfleet/muster/executor/wire"
)

// Shards is how many parts the devices are cut into.
const Shards = 16

// ShardOf is the shard of a device, by its id.
func ShardOf(id string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	return int(h.Sum32() % Shards)
}

// lead is the duty of the one that acts.
const lead = "lead"

func shardName(n int) string { return fmt.Sprintf("shard-%02d", n) }

// presence is the duty of being there. Replicas are named by people, machines and processes, so the
// key is a hash of that.
func presence(replica string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(replica))
	return fmt.Sprintf("replica-%016x", h.Sum64())
}

// Entry is a duty as it was last seen: Revision is that of its record, At when it was seen to
// change, by the clock of who sees it.
type Entry struct {
	wire.Duty
	Revision uint64
	At       time.Time
}

// table is what a replica knows of all duties. It is plain data: Step decides.
type table struct {
	me    string
	lasts time.Duration
	all   map[string]Entry
	// began is when it first looked: of what it was not told by then nothing follows.
	began time.Time
}

// see takes news of a duty in.
func (t *table) see(e Entry) {
	if have := t.all[e.Name]; e.Revision > have.Revision {
		t.all[e.Name] = e
	}
}

// alive are the replicas that were heard of in time, sorted. One that waits for its own first
// beat is none of them yet.
func (t *table) alive(now time.Time) []string {
	var out []string
	for name, e := range t.all {
		if strings.HasPrefix(name, "replica-") && e.Holder != "" && now.Sub(e.At) <= e.Lasts+e.Lasts/4 {
			out = append(out, e.Holder)
		}
	}
	slices.Sort(out)
	return out
}

// fresh reports that this replica was heard of itself for less than it counts as alive for: it
// stops to act before others begin.
func (t *table) fresh(now time.Time) bool {
	own, ok := t.all[presence(t.me)]
	return ok && own.Holder == t.me && now.Sub(own.At) < t.lasts
}

// held are the duties that this replica is to do now.
func (t *table) held(now time.Time) Held {
	var h Held
	if !t.fresh(now) {
		return h
	}
	h.Lead = t.all[lead].Holder == t.me
	for n := range Shards {
		h.Shards[n] = t.all[shardName(n)].Holder == t.me
	}
	return h
}

// step is what this replica writes now: its beat if that is due, what it takes, what it gives up.
//
// Laws: it takes nothing from a replica that is alive; of several that see the same, one takes a
// duty; after one step of each, with nobody coming or going, nothing moves any more.
func (t *table) step(now time.Time) []Entry {
	var writes []Entry
	if t.began.IsZero() {
		t.began = now
	}
	own := t.all[presence(t.me)]
	if own.Holder != t.me || now.Sub(own.At) >= t.lasts/3 {
		next := own
		next.Name, next.Holder, next.Lasts, next.Beat = presence(t.me), t.me, t.lasts, own.Beat+1
		writes = append(writes, next)
	}
	if !t.fresh(now) {
		return writes // first it is to be seen
	}
	alive := t.alive(now)
	for _, name := range duties {
		e := t.all[name]
		e.Name = name
		due := chosen(name, alive)
		switch gone := !slices.Contains(alive, e.Holder) && t.told(e.Holder, now); {
		case gone && due == t.me:
			e.Holder, e.Fence = t.me, e.Fence+1
			writes = append(writes, e)
		case e.Holder == t.me && due != t.me && name != lead:
			e.Holder = ""
			writes = append(writes, e)
		}
	}
	return writes
}

// told reports that whether a replica is alive is known by now: records arrive one after the
// other, and what it holds may come before its beat.
func (t *table) told(replica string, now time.Time) bool {
	_, seen := t.all[presence(replica)]
	return replica == "" || seen || now.Sub(t.began) > t.lasts+t.lasts/4
}

// leave gives up all that this replica holds.
func (t *table) leave() []Entry {
	var writes []Entry
	for _, name := range slices.Sorted(maps.Keys(t.all)) {
		if e := t.all[name]; e.Holder == t.me {
			e.Holder = ""
			writes = append(writes, e)
		}
	}
	return writes
}

var duties = func() []string {
	out := []string{lead}
	for n := range Shards {
		out = append(out, shardName(n))
	}
	return out
}()

// chosen is who of the replicas is to do a duty: the one whose hash with it is the greatest, so
// that one that comes or goes moves no more than its own.
func chosen(duty string, alive []string) string {
	if len(alive) == 0 {
		return ""
	}
	return slices.MaxFunc(alive, func(a, b string) int { return cmp.Or(cmp.Compare(weight(duty, a), weight(duty, b)), cmp.Compare(a, b)) })
}

func weight(duty, replica string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(duty + "\x00" + replica))
	x := h.Sum64() // fnv of texts that are alike is alike: mix it
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	return x
}
