package algebra

import (
	"fmt"
	"slices"
	"strings"
)

// workload is what a deployment brings to a device: one kind of it is one file here, one beside
// worldfile's podman.go, and one Runtime of the agent.
type workload interface {
	check() error
	// resources are what it holds of its host, in any order and maybe twice.
	resources() []Resource
	// inputs are the texts that may come from the device.
	inputs() []EnvValue
}

// workloads are those that the spec has, by kind; a sound one has exactly one.
func (s DeploymentSpec) workloads() map[Kind]workload {
	all := map[Kind]workload{}
	if s.Podman != nil {
		all[PodmanKind] = s.Podman
	}
	if s.Files != nil {
		all[FilesKind] = s.Files
	}
	if s.Systemd != nil {
		all[SystemdKind] = s.Systemd
	}
	return all
}

// Kind is the kind of a workload.
type Kind string

// The kinds.
const (
	PodmanKind  Kind = "podman"
	FilesKind   Kind = "files"
	SystemdKind Kind = "systemd"
)

// Kinds are all kinds, in the order in which they are listed to people.
func Kinds() []Kind { return []Kind{PodmanKind, FilesKind, SystemdKind} }

// Kind is that of the deployment's workload.
func (d Deployment) Kind() Kind {
	for k := range d.body.spec.workloads() {
		return k // a deployment has one
	}
	panic("algebra: a deployment without a workload") // NewDeployment makes none
}

func (d Deployment) workload() workload { return d.body.spec.workloads()[d.Kind()] }

func (s DeploymentSpec) checkWorkload() error {
	all := s.workloads()
	if len(all) == 0 {
		return fmt.Errorf("no workload; give one of %s", kindList())
	}
	if len(all) > 1 {
		return fmt.Errorf("more than one workload; give one of %s", kindList())
	}
	for _, w := range all {
		return w.check()
	}
	return nil
}

func kindList() string {
	var words []string
	for _, k := range Kinds() {
		words = append(words, string(k))
	}
	return strings.Join(words, ", ")
}

// Text is the value on a device with these values; false: it was to come from the device and did not.
func (e EnvValue) Text(v Values) (string, bool) {
	switch {
	case e.FromLabel != "":
		text, ok := v["label:"+e.FromLabel]
		return text, ok
	case e.FromFact != "":
		text, ok := v["fact:"+e.FromFact]
		return text, ok
	}
	return e.Literal, true
}

func (e EnvValue) check(name string) error {
	set := 0
	for _, s := range []string{e.Literal, e.FromLabel, e.FromFact} {
		if s != "" {
			set++
		}
	}
	if set > 1 || name == "" || strings.ContainsAny(name, "=\x00") {
		return fmt.Errorf("%q: give one of a text, fromLabel and fromFact", name)
	}
	return nil
}

// Resource is something of the host that only one deployment on a device can hold.
type Resource string

// Resources lists what the deployment holds of its host, sorted: published ports, the names of
// its containers and units, the paths of its files.
func (d Deployment) Resources() []Resource {
	held := d.workload().resources()
	slices.Sort(held)
	return slices.Compact(held)
}
