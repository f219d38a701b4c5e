package planfile

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/musterfleet/muster/planner"
)

// Fields says for each change that replaces a release what differs between the two, field by
// field, by the change's id: what planner.Style.Fields takes. A secret shows as its digest,
// as everywhere in the file.
func (f File) Fields() map[string][]string {
	out := map[string][]string{}
	type pair struct{ before, after, reason string }
	made := map[pair][]string{}
	for i := range f.ResourceChanges {
		c := &f.ResourceChanges[i]
		if c.Change.Before == nil || c.Change.After == nil {
			continue
		}
		of := pair{c.Change.Before.Digest, c.Change.After.Digest, c.ActionReason}
		lines, ok := made[of]
		if !ok {
			lines = fields(*c)
			made[of] = lines
		}
		out[c.ID] = lines
	}
	return out
}

func fields(c Change) []string {
	if c.ActionReason == planner.ValuesChanged.String() {
		return []string{"takes " + strings.Join(slices.Sorted(maps.Keys(c.Change.After.Values)), ", ") + " from the device"}
	}
	have, want := c.Change.Before, c.Change.After
	if !have.Known() || !want.Known() {
		return []string{"what is in place, or to come, is not known in detail"}
	}
	d := compared(have, want)
	if len(d.lines) == 0 {
		return []string{"in a field that the plan file does not have"}
	}
	return d.lines
}

// paths are the fields in which the two releases of a replace differ.
func paths(c Change) [][]string {
	if c.ActionReason == planner.ValuesChanged.String() {
		return [][]string{{"values"}}
	}
	return append([][]string{}, compared(c.Change.Before, c.Change.After).paths...)
}

// compared is what differs between two deployments.
func compared(have, want *Deployment) differences {
	var d differences
	d.texts("requires", have.Requires, want.Requires)
	named(&d, "file", have.Files, want.Files, func(f WrittenFile) string { return f.Path }, (*differences).file)
	named(&d, "unit", have.Units, want.Units, func(u Unit) string { return u.Name }, (*differences).unit)
	before, after := byName(have.Podman.Containers), byName(want.Podman.Containers)
	several := len(before) > 1 || len(after) > 1
	for _, name := range slices.Sorted(maps.Keys(merged(before, after))) {
		x, had := before[name]
		y, has := after[name]
		switch {
		case !had:
			d.at = containers
			d.add(name, "+ container "+name+": image "+y.Image)
		case !has:
			d.at = containers
			d.add(name, "- container "+name+": image "+x.Image)
		default:
			d.lead = ""
			if several {
				d.lead = name + " "
			}
			d.at = append(slices.Clone(containers), name)
			d.container(x, y)
		}
	}
	return d
}

// named compares what has names of its own: what came, what went, and what is otherwise.
func named[T comparable](d *differences, what string, have, want []T, name func(T) string, compare func(*differences, T, T)) {
	index := func(list []T) map[string]T {
		out := map[string]T{}
		for _, v := range list {
			out[name(v)] = v
		}
		return out
	}
	before, after := index(have), index(want)
	for _, key := range slices.Sorted(maps.Keys(merged(before, after))) {
		x, had := before[key]
		y, has := after[key]
		d.at, d.lead = []string{what + "s"}, ""
		switch {
		case !had:
			d.lines, d.paths = append(d.lines, "+ "+what+" "+key), append(d.paths, []string{what + "s", key})
		case !has:
			d.lines, d.paths = append(d.lines, "- "+what+" "+key), append(d.paths, []string{what + "s", key})
		case x != y:
			d.at, d.lead = append(d.at, key), key+" "
			compare(d, x, y)
		}
	}
	d.lead = ""
}

func (d *differences) file(x, y WrittenFile) {
	d.text("content", shortened(x.Content), shortened(y.Content))
	d.text("mode", x.Mode, y.Mode)
	d.text("owner", x.Owner, y.Owner)
	d.text("url", x.URL, y.URL)
}

func (d *differences) unit(x, y Unit) {
	d.text("text", shortened(x.Text), shortened(y.Text))
	d.text("enabled", strconv.FormatBool(x.Enabled), strconv.FormatBool(y.Enabled))
	d.text("passive", strconv.FormatBool(x.Passive), strconv.FormatBool(y.Passive))
}

// containers is where they are in a deployment.
var containers = []string{"podman", "containers"}

func byName(list []Container) map[string]Container {
	out := map[string]Container{}
	for _, c := range list {
		out[c.Name] = c
	}
	return out
}

func merged[V any](a, b map[string]V) map[string]V {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

// differences are lines, each of one field, and where the fields are.
type differences struct {
	lead  string
	at    []string // the path of what is being compared
	lines []string
	paths [][]string
}

func (d *differences) add(field, line string) {
	d.lines = append(d.lines, line)
	d.paths = append(d.paths, append(slices.Clone(d.at), strings.Split(field, " ")...))
}

func (d *differences) container(x, y Container) {
	d.text("image", x.Image, y.Image)
	d.texts("command", x.Command, y.Command)
	for _, name := range slices.Sorted(maps.Keys(merged(x.Env, y.Env))) {
		d.text("env "+name, shortened(x.Env[name]), shortened(y.Env[name]))
	}
	d.texts("ports", each(x.Ports, Port.text), each(y.Ports, Port.text))
	d.texts("mounts", each(x.Mounts, Mount.text), each(y.Mounts, Mount.text))
	d.text("network", x.Network, y.Network)
	d.text("restart", x.Restart, y.Restart)
	d.text("pull", x.Pull, y.Pull)
	d.texts("health", x.Health, y.Health)
	d.text("memory", bytesText(x.Memory), bytesText(y.Memory))
	d.text("privileged", strconv.FormatBool(x.Privileged), strconv.FormatBool(y.Privileged))
	d.texts("secrets", each(x.Secrets, Secret.text), each(y.Secrets, Secret.text))
}

// text compares one value; an empty one is absent.
func (d *differences) text(field, x, y string) {
	if x != y {
		d.add(field, fmt.Sprintf("%s%s: %s → %s", d.lead, field, orNone(x), orNone(y)))
	}
}

func (d *differences) texts(field string, x, y []string) {
	if !slices.Equal(x, y) {
		d.text(field, strings.Join(x, " "), strings.Join(y, " "))
	}
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// shortened is a digest as people compare it.
func shortened(env string) string {
	if hex, ok := strings.CutPrefix(env, "sha256:"); ok && len(hex) > 12 {
		return "sha256:" + hex[:12]
	}
	return env
}

func each[T any](list []T, text func(T) string) []string {
	var out []string
	for _, v := range list {
		out = append(out, text(v))
	}
	return out
}

func (p Port) text() string {
	return fmt.Sprintf("%d:%d/%s", p.Host, p.Container, p.Protocol)
}

func (m Mount) text() string {
	if m.ReadOnly {
		return m.Host + ":" + m.Container + ":ro"
	}
	return m.Host + ":" + m.Container
}

func bytesText(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10) + " bytes"
}

func (s Secret) text() string {
	if s.Env != "" {
		return s.Name + " as " + s.Env
	}
	return s.Name + " in " + s.Path
}
