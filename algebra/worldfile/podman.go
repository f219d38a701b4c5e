package worldfile

import (
	"math"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/musterfleet/muster/algebra"
)

// podman reads a workload. What is wrong in it is noted; the caller counts.
func (f *file) podman(n *yaml.Node) *algebra.Podman {
	o, ok := f.object(n, "podman", "containers")
	if !ok {
		return nil
	}
	list, ok := o.need("containers")
	if !ok {
		return nil
	}
	items, ok := f.items(list, "containers")
	if ok && len(items) == 0 {
		f.at(list).fail("", "containers: must not be empty")
	}
	p := &algebra.Podman{}
	seen := map[string]*yaml.Node{}
	for _, item := range items {
		c, name := f.container(item)
		if first, twice := seen[c.Name]; twice && c.Name != "" {
			f.at(name).fail("", "containers: %s is given twice, first at %s", c.Name, f.where(first))
		}
		seen[c.Name] = name
		p.Containers = append(p.Containers, c)
	}
	return p
}

func (f *file) container(n *yaml.Node) (c algebra.Container, name *yaml.Node) {
	o, ok := f.object(n, "container", "name", "image", "pull", "command", "env", "network", "ports", "mounts",
		"restart", "stopTimeout", "health", "resources", "privileged", "secrets")
	if !ok {
		return c, nil
	}
	if name, ok = o.need("name"); ok {
		if app, fine := readName(f, name, "container", containerName); fine {
			c.Name = app
		}
	}
	if n, ok := o.need("image"); ok {
		c.Image, ok = f.filled(n, "image")
		if ok && strings.ContainsAny(c.Image, " \t\r\n") {
			f.at(n).fail("", "image: %s has a space in it", f.shown(n))
		}
	}
	if n, ok := o.get("command"); ok {
		c.Command, _ = f.strs(n, "command")
	}
	if n, ok := o.get("env"); ok {
		c.Env = f.env(n)
	}
	if n, ok := o.get("ports"); ok {
		c.Ports = f.ports(n)
	}
	if n, ok := o.get("mounts"); ok {
		c.Mounts = f.mounts(n)
	}
	if n, ok := o.get("health"); ok {
		c.Health = f.health(n)
	}
	if n, ok := o.get("resources"); ok {
		if r, ok := f.object(n, "resources", "memory"); ok {
			if m, ok := r.need("memory"); ok {
				c.Memory, _ = f.size(m, "memory")
			}
		}
	}
	if n, ok := o.get("stopTimeout"); ok {
		c.StopSeconds, _ = f.seconds(n, "stopTimeout")
	}
	if n, ok := o.get("privileged"); ok {
		c.Privileged, _ = f.boolean(n, "privileged")
	}
	if n, ok := o.get("secrets"); ok {
		c.Secrets = f.secrets(n)
	}
	c.Network = word[algebra.Network](o, "network", "host", "none")
	c.Restart = word[algebra.Restart](o, "restart", "always", "on-failure", "never")
	c.Pull = word[algebra.Pull](o, "pull", "missing", "always", "never")
	return c, name
}

// containerName reads the name of a container, which follows the rule for apps.
func containerName(s string) (string, error) {
	app, err := algebra.ParseApp(s)
	return app.String(), err
}

// word reads an optional field that holds one of these words.
func word[T ~string](o object, field string, words ...string) T {
	n, ok := o.get(field)
	if !ok {
		return ""
	}
	s, _ := o.file.oneOf(n, field, words...)
	return T(s)
}

// env reads NAME: text, NAME: {fromLabel: key} and NAME: {fromFact: key}.
func (f *file) env(n *yaml.Node) map[string]algebra.EnvValue {
	entries, _ := f.entries(n, "env")
	out := map[string]algebra.EnvValue{}
	for _, e := range entries {
		what := "env " + e.name
		if e.name == "" || strings.ContainsAny(e.name, "=\x00") {
			f.at(e.key).fail("", "env: %q is no name of a variable", e.name)
			continue
		}
		if e.value.Kind != yaml.MappingNode {
			text, _ := f.str(e.value, what)
			out[e.name] = algebra.EnvValue{Literal: text}
			continue
		}
		o, ok := f.object(e.value, what, "fromLabel", "fromFact")
		if !ok {
			continue
		}
		source, from, ok := o.exactlyOne("fromLabel", "fromFact")
		if !ok {
			continue
		}
		key, _ := f.filled(from, what)
		if source == "fromLabel" {
			out[e.name] = algebra.EnvValue{FromLabel: key}
		} else {
			out[e.name] = algebra.EnvValue{FromFact: key}
		}
	}
	return out
}

func (f *file) ports(n *yaml.Node) []algebra.Port {
	var out []algebra.Port
	items, _ := f.items(n, "ports")
	for _, item := range items {
		o, ok := f.object(item, "port", "host", "container", "protocol")
		if !ok {
			continue
		}
		p := algebra.Port{Protocol: word[algebra.Protocol](o, "protocol", "tcp", "udp")}
		if n, ok := o.need("host"); ok {
			v, _ := f.integer(n, "host", 1, math.MaxUint16)
			p.Host = uint16(v)
		}
		if n, ok := o.get("container"); ok {
			v, _ := f.integer(n, "container", 1, math.MaxUint16)
			p.Container = uint16(v)
		}
		out = append(out, p)
	}
	return out
}

func (f *file) mounts(n *yaml.Node) []algebra.Mount {
	var out []algebra.Mount
	items, _ := f.items(n, "mounts")
	for _, item := range items {
		o, ok := f.object(item, "mount", "host", "container", "readOnly")
		if !ok {
			continue
		}
		m := algebra.Mount{Host: f.path(o, "host"), Container: f.path(o, "container")}
		if n, ok := o.get("readOnly"); ok {
			m.ReadOnly, _ = f.boolean(n, "readOnly")
		}
		out = append(out, m)
	}
	return out
}

func (f *file) path(o object, field string) string {
	n, ok := o.need(field)
	if !ok {
		return ""
	}
	s, ok := f.filled(n, field)
	if ok && !strings.HasPrefix(s, "/") {
		f.at(n).fail("start it with /", "%s: %s is not an absolute path", field, f.shown(n))
	}
	return s
}

func (f *file) health(n *yaml.Node) *algebra.Health {
	o, ok := f.object(n, "health", "exec", "every", "failures")
	if !ok {
		return nil
	}
	h := &algebra.Health{}
	if n, ok := o.need("exec"); ok {
		h.Exec, ok = f.strs(n, "exec")
		if ok && len(h.Exec) == 0 {
			f.at(n).fail("", "exec: must not be empty")
		}
	}
	if n, ok := o.get("every"); ok {
		h.EverySeconds, _ = f.seconds(n, "every")
	}
	if n, ok := o.get("failures"); ok {
		v, _ := f.integer(n, "failures", 1, 1000)
		h.Failures = int(v)
	}
	return h
}

// secrets reads what a container is shown of the device's secrets, as {name, env} or {name, path}.
func (f *file) secrets(n *yaml.Node) []algebra.SecretUse {
	var out []algebra.SecretUse
	items, _ := f.items(n, "secrets")
	for _, item := range items {
		o, ok := f.object(item, "secret", "name", "env", "path")
		if !ok {
			continue
		}
		var s algebra.SecretUse
		if n, ok := o.need("name"); ok {
			s.Name, _ = readName(f, n, "secret", containerName)
		}
		form, n, ok := o.exactlyOne("env", "path")
		switch {
		case !ok:
		case form == "env":
			s.Env, _ = f.filled(n, "env")
		default:
			s.Path = f.path(o, "path")
		}
		out = append(out, s)
	}
	return out
}
