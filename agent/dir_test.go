package agent_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

func openDir(t *testing.T, path string) *agent.Dir {
	t.Helper()
	d, err := agent.OpenDir(path)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func load(t *testing.T, d *agent.Dir) (agent.Memory, []string) {
	t.Helper()
	m, problems, err := d.Load(simDevice, simRing)
	if err != nil {
		t.Fatal(err)
	}
	return m, problems
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// chain is n sets, each after the one before; the n-th wants version n%3 of app a.
func chain(n int) (sets []wire.Verified) {
	a := algebra.MustApp("a")
	for i := range n {
		d := simSpecs[a][(i+1)%3]
		sets = append(sets, publish(sets, map[algebra.App]wire.App{a: {Version: d.Version(), Digest: d.Digest()}}))
	}
	return sets
}

func specOf(v wire.Verified) algebra.Deployment {
	a := algebra.MustApp("a")
	for _, d := range simSpecs[a] {
		if d.Digest() == v.State().Apps[a].Digest {
			return d
		}
	}
	return algebra.Deployment{}
}

func TestDirRemembers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	d := openDir(t, path)
	if m, problems := load(t, d); !m.Accepted.IsZero() || m.Floor != 0 || len(problems) > 0 {
		t.Errorf("a new directory holds %+v, %v", m, problems)
	}
	at := time.Unix(1e9, 5).UTC()
	faults := agent.Faults{{App: algebra.MustApp("a"), Deployment: specOf(chain(1)[0]).Digest()}: {Count: 3, At: at, Retry: at.Add(time.Minute), Reason: "because"}}
	must(t, d.SaveFaults(faults))
	for _, v := range chain(5) {
		must(t, d.Save(v, []algebra.Deployment{specOf(v)}))
		must(t, d.Prune(v.State().Generation))
		must(t, d.Save(v, nil)) // again is no harm
	}
	if _, err := agent.OpenDir(path); err == nil || !strings.Contains(err.Error(), "another agent uses it") {
		t.Errorf("a second agent got the directory: %v", err)
	}
	must(t, d.Close())
	d = openDir(t, path)
	m, problems := load(t, d)
	last := chain(5)[4]
	if m.Accepted.Digest() != last.Digest() || m.Floor != 5 || len(problems) > 0 {
		t.Errorf("generation %d, floor %d, problems %v", m.Accepted.State().Generation, m.Floor, problems)
	}
	if len(m.Specs) != 2 || len(m.Faults) != 1 {
		t.Errorf("holds %v and %v, want the deployments of two generations and one fault", m.Specs, m.Faults)
	}
	for k, f := range m.Faults {
		if f != faults[k] {
			t.Errorf("fault %+v became %+v", faults[k], f)
		}
	}
}

// What is broken is told and costs no more than it must.
func TestDirSurvivesCorruption(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(path string) error
		gen   uint64 // what is then in force
		floor uint64
		told  string
	}{
		"the current set cut short": {func(p string) error { return os.Truncate(filepath.Join(p, "generations/3/set.json"), 40) }, 2, 3, "generation 3 cannot be used"},
		"the current set emptied":   {func(p string) error { return os.Truncate(filepath.Join(p, "generations/3/set.json"), 0) }, 2, 3, "generation 3 cannot be used"},
		"the current set gone":      {func(p string) error { return os.RemoveAll(filepath.Join(p, "generations/3")) }, 2, 3, "generation 3 cannot be used"},
		"one bit of it":             {flipBit, 2, 3, "the signature does not fit"},
		"the pointer gone":          {func(p string) error { return os.Remove(filepath.Join(p, "current")) }, 3, 3, "newest generation that is whole"},
		"all sets gone":             {func(p string) error { return os.RemoveAll(filepath.Join(p, "generations")) }, 0, 3, "generation 3 cannot be used"},
		"faults":                    {func(p string) error { return os.WriteFile(filepath.Join(p, "faults.json"), []byte("["), 0o600) }, 3, 3, "nothing counts as poisoned"},
		"a set of another device": {func(p string) error {
			v := sign(simKey, wire.DesiredState{Device: algebra.MustDeviceID("d1"), Generation: 1})
			return os.WriteFile(filepath.Join(p, "generations/3/set.json"), v.Raw(), 0o600)
		}, 2, 3, "signed for another device"},
		"a deployment": {func(p string) error {
			return os.WriteFile(filepath.Join(p, "specs", strings.TrimPrefix(specOf(chain(3)[2]).Digest().String(), "sha256:")+".json"), []byte("{}"), 0o600)
		}, 3, 3, "fetched again"},
	} {
		path := t.TempDir()
		d := openDir(t, path)
		for _, v := range chain(3) {
			must(t, d.Save(v, []algebra.Deployment{specOf(v)}))
		}
		must(t, c.spoil(path))
		must(t, d.Close())
		d = openDir(t, path)
		m, problems := load(t, d)
		if m.Accepted.State().Generation != c.gen || m.Floor != c.floor || !strings.Contains(strings.Join(problems, "\n"), c.told) {
			t.Errorf("%s: generation %d, floor %d, told %q; want %d, %d, %q", name, m.Accepted.State().Generation, m.Floor, problems, c.gen, c.floor, c.told)
		}
		// Whatever was lost, the same generation may come again, and an older one may not.
		s, _ := agent.Begin(simDevice, simRing, m)
		_, effects := agent.Step(s, agent.Offered{Raw: chain(3)[1].Raw()}, time.Unix(1e9, 0))
		for _, e := range effects {
			if _, saves := e.(agent.Save); saves {
				t.Errorf("%s: generation 2 is accepted again", name)
			}
		}
		must(t, d.Save(chain(3)[2], nil))
		if m, _ := load(t, d); m.Accepted.State().Generation != 3 {
			t.Errorf("%s: after saving again generation %d is in force", name, m.Accepted.State().Generation)
		}
		must(t, d.Close())
	}
}

func flipBit(path string) error {
	file := filepath.Join(path, "generations/3/set.json")
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	i := strings.Index(string(b), `"payload":"`) + 60
	if b[i]++; b[i] > 'y' {
		b[i] = 'A'
	}
	return os.WriteFile(file, b, 0o600)
}

func TestDirUnusable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	if _, err := agent.OpenDir(file); err == nil || !strings.Contains(err.Error(), "state directory") {
		t.Errorf("a file was taken for a state directory: %v", err)
	}
}
