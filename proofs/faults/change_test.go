package faults_test

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/musterfleet/muster/algebra"
)

// patience is how long a change may take to converge after a fault.
const patience = 4 * time.Minute

// execute starts one more of those that roll the present version out: an executor, or a replica of an operator.
func (r *rig) execute() *process {
	role := "executor"
	if r.replicas > 0 {
		role = "replica"
	}
	p := part{Role: role, Dir: r.dir, URLs: through(r.toExecutors), Seeds: r.operator.Seeds, Version: r.version, Bug: r.planted}
	x := p.start(r.T)
	r.acting = append(r.acting, x)
	return x
}

// roll rolls the next version out, and has the fault happen once a third of it is done. It says how
// long it took from the fault on until all devices ran it and said so.
func (r *rig) roll(fault func()) time.Duration {
	r.Helper()
	return r.rollUntil(func(context.Context) error {
		if n := r.at(r.version); n < len(r.devices())/3 {
			return fmt.Errorf("%d devices", n)
		}
		return nil
	}, fault)
}

// rollUntil has the fault happen as soon as something is so.
func (r *rig) rollUntil(so func(context.Context) error, fault func()) time.Duration {
	r.Helper()
	r.version++
	r.acting = nil
	for range max(r.replicas, 1) {
		r.execute()
	}
	began := time.Now()
	if fault != nil {
		r.retry("the time for the fault", patience, so)
		began = time.Now()
		fault()
	}
	for _, x := range r.acting {
		select {
		case <-x.ended:
			if x.err != nil {
				r.Fatalf("an executor gave up: %v", x.err)
			}
		case <-time.After(patience):
			r.Fatalf("not converged after %s: %s", patience, r.behind())
		}
	}
	return time.Since(began)
}

// done is what machines did.
func (r *rig) done() []entry {
	var out []entry
	for _, p := range r.fleet {
		out = append(out, readDiary(r.T, p.diary())...)
	}
	return out
}

// at is how many devices run a version.
func (r *rig) at(version int) int {
	holds := map[string]int{}
	for _, e := range r.done() {
		switch e.What {
		case boots, started:
			holds[e.Who] = e.Version
		case stopped:
			holds[e.Who] = 0
		}
	}
	n := 0
	for _, v := range holds {
		if v == version {
			n++
		}
	}
	return n
}

// judged is the whole history so far.
func (r *rig) judged() *history {
	r.Helper()
	tried := readDiary(r.T, filepath.Join(r.dir, diaryFile))
	return judge(r.devices(), slices.Concat(r.done(), tried, r.stored()), r.version)
}

// news are the breaches that were not told yet.
func (r *rig) news() []string {
	r.Helper()
	all := r.judged().breaches
	before := r.told
	r.told = len(all)
	return all[before:]
}

// behind says of each device that is not as it should be what is true of it, and what it said.
func (r *rig) behind() string {
	var out []string
	records, err := r.records(context.Background())
	if err != nil {
		out = append(out, err.Error())
	}
	h := r.judged()
	for _, name := range slices.Sorted(maps.Keys(h.devices)) {
		d := h.devices[name]
		said := records.Devices[algebra.MustDeviceID(name)].States[web].Value
		if d.runs != r.version || d.ordered != r.version || said.Phase != algebra.Running || said.Wanted != d.at {
			out = append(out, fmt.Sprintf("%s is ordered %d (generation %d), runs %d, says %s of %s (generation %d) %s", name, d.ordered, d.at, d.runs, said.Phase, said.Running.Version, said.Wanted, said.LastError))
		}
	}
	for id, run := range records.Runs {
		if !run.Value.Status.Ended() {
			out = append(out, fmt.Sprintf("run %s is %s %s: %+v", id, run.Value.Status, run.Value.Reason, run.Value.Lanes))
		}
	}
	return strings.Join(out, "\n\t")
}
