package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// Dir is an agent's memory on disk. It may be cut off at any step: what it then holds is the
// old state or the new one.
//
//	current -> generations/42     switched by one rename
//	generations/42/set.json       the signed set, as it came
//	generations/41/set.json       the one before, should 42 become unreadable
//	specs/<digest>.json           deployments; each proves itself by its digest
//	faults.json                   what is poisoned
//	keys.json                     the operator keys that the fleet sent in the place of the configuration's
//	lock                          held by the agent that runs
type Dir struct {
	path string
	lock *os.File
	mu   sync.Mutex // one save at a time
}

// OpenDir opens a state directory, which it makes if need be, for this process alone.
func OpenDir(path string) (*Dir, error) {
	for _, p := range []string{path, filepath.Join(path, "generations"), filepath.Join(path, "specs")} {
		if err := os.MkdirAll(p, 0o700); err != nil {
			return nil, fmt.Errorf("state directory: %w", err)
		}
	}
	lock, err := os.OpenFile(filepath.Join(path, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("state directory: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("state directory %s: another agent uses it; give each its own", path), lock.Close())
	}
	return &Dir{path: path, lock: lock}, nil
}

// Close lets another agent use the directory.
func (d *Dir) Close() error { return d.lock.Close() }

// Load reads what is remembered. Of the sets the current one counts if it is whole and signed
// for this device by a trusted key, else the newest other that is; the floor is the newest
// generation there is a trace of. What could not be used is told in problems: none of it is a
// reason to stop anything. The error is for a directory that cannot be read at all.
func (d *Dir) Load(device algebra.DeviceID, keys wire.Keyring) (m Memory, problems []string, err error) {
	generations, err := d.generations()
	if err != nil {
		return Memory{}, nil, err
	}
	m.Keyset, keys, problems = d.keys(keys)
	for _, g := range generations {
		m.Floor = max(m.Floor, g)
	}
	// A generation that current does not point at yet was never in force: it comes last.
	if current, err := os.Readlink(filepath.Join(d.path, "current")); err == nil {
		if g, err := strconv.ParseUint(filepath.Base(current), 10, 64); err == nil {
			m.Floor = g
			generations = slices.DeleteFunc(generations, func(o uint64) bool { return o >= g })
			generations = append([]uint64{g}, generations...)
		}
	} else if len(generations) > 0 {
		problems = append(problems, fmt.Sprintf("state directory %s: %v; the newest generation that is whole is used", d.path, err))
	}
	for _, g := range generations {
		raw, err := os.ReadFile(filepath.Join(d.generation(g), "set.json"))
		if err == nil {
			m.Accepted, err = wire.Open(raw, device, keys)
		}
		if err == nil {
			break
		}
		problems = append(problems, fmt.Sprintf("state directory: generation %d cannot be used: %v", g, err))
	}
	m.Specs, problems = d.specs(problems)
	m.Faults, problems = d.faults(problems)
	return m, problems, nil
}

func (d *Dir) generation(g uint64) string {
	return filepath.Join(d.path, "generations", strconv.FormatUint(g, 10))
}

// generations lists those that are whole by their names, the newest first.
func (d *Dir) generations() ([]uint64, error) {
	entries, err := os.ReadDir(filepath.Join(d.path, "generations"))
	if err != nil {
		return nil, fmt.Errorf("state directory: %w", err)
	}
	var list []uint64
	for _, e := range entries {
		if g, err := strconv.ParseUint(e.Name(), 10, 64); err == nil {
			list = append(list, g)
		}
	}
	slices.Sort(list)
	slices.Reverse(list)
	return list, nil
}

func (d *Dir) specs(problems []string) ([]algebra.Deployment, []string) {
	entries, err := os.ReadDir(filepath.Join(d.path, "specs"))
	if err != nil {
		return nil, append(problems, fmt.Sprintf("state directory: %v", err))
	}
	var list []algebra.Deployment
	for _, e := range entries {
		hex, ok := strings.CutSuffix(e.Name(), ".json")
		if !ok {
			continue // cut off while it was written
		}
		raw, err := os.ReadFile(filepath.Join(d.path, "specs", e.Name()))
		if err == nil && algebra.DigestOf(raw).String() != "sha256:"+hex {
			err = errors.New("its content does not fit its digest")
		}
		var spec algebra.Deployment
		if err == nil {
			spec, err = algebra.ParseDeployment(raw)
		}
		if err != nil {
			problems = append(problems, fmt.Sprintf("state directory: specs/%s cannot be used and is fetched again: %v", e.Name(), err))
			continue
		}
		list = append(list, spec)
	}
	return list, problems
}

// faultEntry is a fault on disk.
type faultEntry struct {
	App        algebra.App    `json:"app"`
	Deployment algebra.Digest `json:"deployment,omitzero"`
	Values     algebra.Digest `json:"values,omitzero"`
	Fault
}

func (d *Dir) faults(problems []string) (Faults, []string) {
	raw, err := os.ReadFile(filepath.Join(d.path, "faults.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, problems
	}
	var entries []faultEntry
	if err == nil {
		err = json.Unmarshal(raw, &entries)
	}
	if err != nil {
		return nil, append(problems, fmt.Sprintf("state directory: faults.json cannot be used, nothing counts as poisoned: %v", err))
	}
	f := Faults{}
	for _, e := range entries {
		f[FaultKey{e.App, e.Deployment, e.Values}] = e.Fault
	}
	return f, problems
}
