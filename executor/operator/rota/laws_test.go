package rota

import (
	"fmt"
	"maps"
	"math/rand"
	"slices"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra/algebratest"
)

// world is a store and replicas that see it late, play by play.
type world struct {
	*rand.Rand
	now      time.Time
	revision uint64
	records  map[string]Entry
	replicas []*table
	dead     map[string]bool
	step     func(*table, time.Time) []Entry
	taken    int
}

func (w *world) play(t *table) error {
	for _, name := range slices.Sorted(maps.Keys(w.records)) { // news take up to two seconds
		e := w.records[name]
		if w.now.Sub(e.At) > 2*time.Second || w.Intn(2) == 0 {
			e.At = w.now
			t.see(e)
		}
	}
	for _, e := range w.step(t, w.now) {
		have := w.records[e.Name]
		if have.Revision != e.Revision {
			continue // it has moved
		}
		if from := have.Holder; from != "" && from != e.Holder && from != t.me && !w.dead[from] && w.beats(from) {
			return fmt.Errorf("%s takes %s from %s, which is alive", t.me, e.Name, from)
		}
		if have.Holder != e.Holder && e.Holder != "" {
			w.taken++
		}
		w.revision++
		e.Revision, e.At = w.revision, w.now
		w.records[e.Name] = e
		t.see(e)
	}
	return nil
}

// beats reports a replica whose own record is young.
func (w *world) beats(replica string) bool {
	e, ok := w.records[presence(replica)]
	return ok && e.Holder == replica && w.now.Sub(e.At) < e.Lasts
}

// settled says what is not shared once everybody sees everything.
func (w *world) settled() error {
	for range 12 {
		for _, t := range w.replicas {
			if w.dead[t.me] {
				continue
			}
			for _, e := range w.records {
				t.see(Entry{e.Duty, e.Revision, w.now})
			}
			for _, e := range w.step(t, w.now) {
				if w.records[e.Name].Revision == e.Revision {
					w.revision++
					e.Revision, e.At = w.revision, w.now
					w.records[e.Name] = e
					t.see(e)
				}
			}
		}
		w.now = w.now.Add(3 * time.Second)
	}
	alive := map[string]bool{}
	for _, t := range w.replicas {
		alive[t.me] = !w.dead[t.me]
	}
	for _, name := range duties {
		if e := w.records[name]; !alive[e.Holder] {
			return fmt.Errorf("%s is held by %q", name, e.Holder)
		}
	}
	return nil
}

func rotaLaw(step func(*table, time.Time) []Entry, taken *int) gopter.Prop {
	return prop.ForAll(func(seed int64) (bool, error) {
		w := &world{Rand: rand.New(rand.NewSource(seed)), now: time.Unix(1e9, 0), records: map[string]Entry{}, dead: map[string]bool{}, step: step}
		for i := range 2 + w.Intn(3) {
			w.replicas = append(w.replicas, &table{me: fmt.Sprint("r", i), lasts: 12 * time.Second, all: map[string]Entry{}})
		}
		for i := range 200 {
			t := w.replicas[i%len(w.replicas)] // each has its turn in time, or is dead
			if w.Intn(60) == 0 && len(w.dead) < len(w.replicas)-1 {
				w.dead[t.me] = true
			}
			w.now = w.now.Add(time.Duration(w.Intn(1000)) * time.Millisecond)
			if w.dead[t.me] {
				continue
			}
			if err := w.play(t); err != nil {
				return false, err
			}
		}
		*taken += w.taken
		return true, w.settled()
	}, gen.Int64().WithShrinker(gopter.NoShrinker))
}

func TestRotaLaws(t *testing.T) {
	taken := 0
	algebratest.Law(t, 200)(rotaLaw((*table).step, &taken))
	if taken < 200*10 {
		t.Errorf("only %d duties were taken", taken)
	}
}

func TestRotaLawsSeeWrongTables(t *testing.T) {
	n := 0
	check := algebratest.Planted(t, 200)
	check("it takes what is its by hash, whoever holds it", rotaLaw(func(t *table, now time.Time) []Entry {
		out := t.step(now)
		for _, name := range duties {
			if e := t.all[name]; t.fresh(now) && e.Holder != t.me && chosen(name, t.alive(now)) == t.me {
				e.Name, e.Holder, e.Fence = name, t.me, e.Fence+1
				out = append(out, e)
			}
		}
		return out
	}, &n))
	check("it waits for nobody to die", rotaLaw(func(t *table, now time.Time) []Entry {
		var out []Entry
		for _, e := range t.step(now) {
			if have := t.all[e.Name]; have.Holder == "" || have.Holder == t.me {
				out = append(out, e)
			}
		}
		return out
	}, &n))
}
