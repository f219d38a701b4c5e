package setup_test

import (
	"bytes"
	"context"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/agent/setup"
)

// disk is a host in memory. Its write number failAt fails, before or after it took effect.
type disk struct {
	held           map[string]setup.Entry
	writes, failAt int
	late           bool
	before         map[string]setup.Entry // as the failed write found it
}

var errPlanted = errors.New("no space left on device")

// Run is what the steps run: uname, the agent's version, and the making of accounts.
func (d *disk) Run(_ context.Context, argv ...string) (string, error) {
	name, passwd := argv[len(argv)-1], d.held["/etc/passwd"]
	line := name + ":x:977:977::/:/usr/sbin/nologin\n"
	switch argv[0] {
	case "uname":
		return "Linux x86_64\n", nil
	case setup.AgentPath:
		if string(d.held[setup.AgentPath].Data) == "old agent" {
			return "muster-agent v0\n", nil
		}
		return "I am foreign\n", nil
	case "useradd":
		passwd.Data = append(slices.Clone(passwd.Data), line...)
		return "", d.Write("/etc/passwd", passwd)
	case "userdel":
		passwd.Data = bytes.ReplaceAll(passwd.Data, []byte(line), nil)
		return "", d.Write("/etc/passwd", passwd)
	}
	return "", fmt.Errorf("%s: not found", argv[0])
}

func (d *disk) Read(p string) (setup.Entry, error) {
	e, ok := d.held[p]
	if !ok {
		return e, fmt.Errorf("%s: %w", p, fs.ErrNotExist)
	}
	return e, nil
}

func (d *disk) Write(p string, e setup.Entry) error {
	d.writes++
	fails := d.writes == d.failAt
	if fails {
		d.before = maps.Clone(d.held)
	}
	if fails && !d.late {
		return errPlanted
	}
	if _, ok := d.held[path.Dir(p)]; !ok {
		return fmt.Errorf("%s: %w", path.Dir(p), fs.ErrNotExist)
	}
	d.held[p] = e
	if fails {
		return errPlanted
	}
	return nil
}

func (d *disk) Remove(p string) error {
	if _, err := d.Read(p); err != nil {
		return err
	}
	delete(d.held, p)
	return nil
}

func same(a, b map[string]setup.Entry) bool { return maps.EqualFunc(a, b, setup.Entry.Equal) }

// steps are those of a device; the random part is what was on the host before.
func steps(h setup.Host) []setup.Step {
	known, err := setup.Know[setup.AMD64](context.Background(), h)
	if err != nil {
		panic(err)
	}
	return []setup.Step{
		setup.Account("muster", "/var/lib/muster"),
		setup.Place("directory", "/etc/muster", "muster", setup.Entry{Mode: fs.ModeDir | 0o750}),
		setup.Agent(known, artefact()),
		setup.Place("configuration", "/etc/muster/config.toml", "root", setup.Entry{Data: []byte("device = \"d1\"\n"), Mode: 0o644}),
		setup.Place("key", "/etc/muster/device.json", "muster", setup.Entry{Data: []byte("{}"), Mode: 0o600}),
		setup.Names("192.0.2.1 hub.example"),
		setup.Unit("muster.service", "[Service]\n"),
	}
}

// program is the least that is a program of Linux for a machine.
func program(m elf.Machine) []byte {
	var b bytes.Buffer
	h := elf.Header64{Type: uint16(elf.ET_EXEC), Machine: uint16(m), Version: uint32(elf.EV_CURRENT), Ehsize: 64, Shentsize: 64}
	copy(h.Ident[:], elf.ELFMAG+"\x02\x01\x01")
	if err := binary.Write(&b, binary.LittleEndian, h); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func artefact() setup.Artefact[setup.AMD64] {
	a, err := setup.ReadArtefact[setup.AMD64](program(elf.EM_X86_64))
	if err != nil {
		panic(err)
	}
	return a
}

func machineOf(seed int64) *disk {
	r := rand.New(rand.NewPCG(uint64(seed), 7))
	dir := setup.Entry{Mode: fs.ModeDir | 0o755}
	d := &disk{held: map[string]setup.Entry{"/etc": dir, "/usr/local/bin": dir, setup.UnitDir: dir,
		"/etc/passwd": {Data: []byte("root:x:0:0::/root:/bin/sh\n"), Mode: 0o644}}}
	if r.IntN(2) == 0 {
		d.held["/etc/muster"] = dir
		for _, p := range []string{"/etc/muster/config.toml", "/etc/muster/device.json"} {
			if r.IntN(2) == 0 {
				d.held[p] = setup.Entry{Data: []byte("old"), Mode: 0o666, UID: r.IntN(3)}
			}
		}
	}
	if r.IntN(2) == 0 {
		d.held[setup.AgentPath] = setup.Entry{Data: []byte("old agent"), Mode: 0o755}
	}
	hosts := []string{"127.0.0.1 localhost", "127.0.0.1 localhost\n# muster: begin\nold\n# muster: end\n::1 six\n"}
	if i := r.IntN(3); i < 2 {
		d.held["/etc/hosts"] = setup.Entry{Data: []byte(hosts[i]), Mode: 0o644}
	}
	d.failAt, d.late = r.IntN(9), r.IntN(2) == 0
	return d
}

// breach says which law the setup of one random host breaks; empty if none.
func breach(seed int64, wrap func(setup.Step) setup.Step) (string, bool) {
	ctx := context.Background()
	d := machineOf(seed)
	all := steps(d)
	for i := range all {
		all[i] = wrap(all[i])
	}
	start := maps.Clone(d.held)
	if _, err := setup.Diff(ctx, d, all); err != nil || !same(start, d.held) {
		return fmt.Sprintf("a dry run changed the host, or failed: %v", err), false
	}
	_, err := setup.Run(ctx, d, all)
	failed := err != nil
	if failed && !(errors.Is(err, errPlanted) && same(d.before, d.held)) {
		return fmt.Sprintf("after %v the host is not as before the step", err), failed
	}
	if failed { // resumes
		if _, err := setup.Run(ctx, d, all); err != nil {
			return "it does not resume: " + err.Error(), failed
		}
	}
	if lines, err := setup.Diff(ctx, d, all); err != nil || len(lines) > 0 {
		return fmt.Sprintf("a second run would do %q, %v", lines, err), failed
	}
	return "", failed
}

func TestSetupLaws(t *testing.T) {
	failures, clean := 0, 0
	p := gopter.DefaultTestParametersWithSeed(20261126)
	p.MinSuccessfulTests, p.MinSize = 500, 1
	properties := gopter.NewProperties(p)
	properties.Property("dry runs touch nothing, failed steps are undone, a second run is empty", prop.ForAll(func(seed int64) string {
		text, failed := breach(seed, func(s setup.Step) setup.Step { return s })
		if failed {
			failures++
		} else {
			clean++
		}
		return text
	}, gen.Int64()))
	properties.TestingRun(t)
	if failures < 50 || clean < 50 {
		t.Errorf("%d runs failed and %d did not: the law was hardly tried", failures, clean)
	}
}

// forgetful steps do not undo.
type forgetful struct{ setup.Step }
type forgotten struct{ setup.Change }

func (forgotten) Undo(context.Context, setup.Host) error { return nil }

func (f forgetful) Check(ctx context.Context, h setup.Host) (setup.Change, error) {
	c, err := f.Step.Check(ctx, h)
	if c == nil {
		return nil, err
	}
	return forgotten{c}, err
}

func TestSetupLawsCatchPlanted(t *testing.T) {
	for seed := range int64(200) {
		if text, _ := breach(seed, func(s setup.Step) setup.Step { return forgetful{s} }); text != "" {
			return
		}
	}
	t.Error("steps that are never undone passed as lawful")
}
