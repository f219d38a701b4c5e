package sim

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/inprocess"
	"github.com/musterfleet/muster/executor/wire"
)

// Setting says which life is lived. The seed decides all that is not said.
type Setting struct {
	Seed uint64
	// Devices is how many there are; 0 lets the seed decide.
	Devices int
	// Without are faults that do not happen.
	Without map[Fault]bool
	// Bug is one that is planted.
	Bug Bug
	// Trace is told each event, a line each; nil tells nobody.
	Trace io.Writer
}

// Verdict is what became of a life.
type Verdict struct {
	// Breach is the first law that was broken, and when; empty if none was.
	Breach string
	// Faults is how often each happened, Met what else the life came to.
	Faults [faults]int
	Met    map[string]int
	Events int
	Lasted time.Duration
}

// Patience is how long it may take after the last fault until all stands as it shall.
const Patience = 2 * time.Hour

// drain is how long what was on its way as the faults end may still come.
const drain = time.Minute

// life is all there is.
type life struct {
	*clock
	chance    *chance
	bug       Bug
	trace     io.Writer
	key       ed25519.PrivateKey
	keys      wire.Keyring
	fleet     *inprocess.Fleet
	changes   <-chan executor.Change
	devices   []*device
	operators []*person
	serves    bool // the operators are two replicas of muster serve
	consoles  []*console
	desk      desk
	running   sync.WaitGroup

	worlds  []wanted // the last is in force
	bad     map[algebra.DeploymentRef]bad
	hubDown bool
	halted  bool

	record
	met     map[string]int
	breach  string
	events  int
	version int // grows with each change of the store
}

func (l *life) world() algebra.World { return l.worlds[len(l.worlds)-1].world() }

// say tells a line of the trace.
func (l *life) say(format string, args ...any) { l.line("", format, args...) }

func (d *device) say(format string, args ...any) { d.line(d.id.String()+" ", format, args...) }

func (l *life) line(who, format string, args ...any) {
	if l.trace != nil {
		fmt.Fprintf(l.trace, "%9.3f %s%s\n", l.now.Seconds(), who, fmt.Sprintf(format, args...))
	}
}

// wrong notes a breach of a law. The first ends the life.
func (l *life) wrong(law, format string, args ...any) {
	if l.breach == "" {
		l.breach = fmt.Sprintf("%s: %s, at %.3f", law, fmt.Sprintf(format, args...), l.now.Seconds())
		l.say("BREACH of %s", l.breach)
	}
}

// Play lives a life. It must be called in a bubble of testing/synctest, which it needs for itself.
func Play(s Setting) Verdict {
	l := newLife(s)
	ctx, stop := context.WithCancel(context.Background())
	l.changes, _ = l.fleet.WatchAll(ctx) // never fails
	for _, d := range l.devices {
		l.after(l.chance.takes(2*time.Second), d.boot)
	}
	for _, o := range l.operators {
		o.soon(4 * time.Second)
	}
	l.schedule()
	if l.serves {
		l.attends()
	}
	l.run(l.chance.takes(2 * time.Minute))
	l.calm()
	l.run(l.now + drain)
	l.last()
	for end := l.now + Patience; l.breach == ""; l.run(l.now + 5*time.Second) {
		why := l.unsettled()
		if why == "" {
			break
		}
		if l.now > end {
			l.wrong("convergence", "%s", why)
		}
	}
	l.say("the end")
	for _, c := range slices.Clone(l.consoles) {
		c.kill("at the end")
	}
	stop()
	l.running.Wait()
	return Verdict{l.breach, l.chance.count, l.met, l.events, l.now}
}

func newLife(s Setting) *life {
	l := &life{clock: newClock(), chance: newChance(s.Seed, s.Without), bug: s.Bug, trace: s.Trace,
		key: ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)), bad: map[algebra.DeploymentRef]bad{}, met: map[string]int{}, record: newRecord()}
	l.keys = wire.NewKeyring(l.key.Public().(ed25519.PublicKey))
	l.fleet = inprocess.New(time.Now)
	l.worlds = []wanted{drawWanted(l.chance.life, 1)}
	n := 2 + l.chance.life.IntN(4)
	if s.Devices > 0 {
		n = s.Devices
	}
	for range n {
		l.enrol()
	}
	l.serves = l.chance.life.IntN(5) == 0
	for _, name := range []string{"ana", "ben"} {
		l.operators = append(l.operators, &person{life: l, name: name, stale: map[string]bool{}})
	}
	return l
}

// enrol makes one more device. It does not run yet.
func (l *life) enrol() *device {
	i := len(l.devices)
	d := &device{life: l, id: algebra.MustDeviceID(fmt.Sprintf("d%d", i)), kept: map[algebra.Digest]algebra.Deployment{}, slots: map[algebra.App][]instance{}}
	d.disk.Veto = l.chance.rate[Veto] > 0
	l.devices = append(l.devices, d)
	labels := map[string]string{"site": []string{"a", "b"}[i%2]}
	if i%3 == 0 {
		labels["log"] = "yes"
	}
	if i == 1 {
		labels["ring"] = "canary"
	}
	d.register(labels)
	return d
}

// register writes the registry's entry of a device.
func (d *device) register(labels map[string]string) {
	d.labels = labels
	w := executor.SetEntry{Entry: wire.DeviceEntry{Device: d.id, Lifecycle: algebra.Enrolled, Labels: labels}, Revision: d.entry}
	r, err := d.fleet.Write(context.Background(), []executor.Write{w})
	if err != nil || r[0].Err != nil {
		panic(fmt.Sprint("sim: ", err, r))
	}
	d.entry = r[0].Revision
}

// run lets things happen until then, or until a law is broken.
func (l *life) run(until time.Duration) {
	for l.breach == "" {
		l.attend()
		if do, is := l.next(); is {
			do()
			l.events++
			l.judge()
			continue
		}
		if l.now >= until {
			return
		}
		l.sleep(l.due(until))
	}
}
