package algebra

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Podman is a workload of containers that start and stop together.
type Podman struct {
	Containers []Container `json:"containers"`
}

// Container is one container of a Podman workload.
type Container struct {
	// Name is unique on the device among all containers muster runs there.
	Name    string   `json:"name"`
	Image   string   `json:"image"`
	Command []string `json:"command,omitempty"`
	// Env is the environment, a literal or a value taken from the device for each name.
	Env     map[string]EnvValue `json:"env,omitempty"`
	Ports   []Port              `json:"ports,omitempty"`
	Mounts  []Mount             `json:"mounts,omitempty"`
	Network Network             `json:"network,omitempty"`
	Restart Restart             `json:"restart,omitempty"`
	Pull    Pull                `json:"pull,omitempty"`
	Health  *Health             `json:"health,omitempty"`
	// Memory is the limit in bytes; 0 is none.
	Memory int64 `json:"memory,omitempty"`
	// StopSeconds is how long a container may take to end before it is killed; 0 is 10.
	StopSeconds int  `json:"stopSeconds,omitempty"`
	Privileged  bool `json:"privileged,omitempty"`
	// Secrets are given to the container by name; their texts are nowhere in a World or a plan.
	Secrets []SecretUse `json:"secrets,omitempty"`
}

// SecretUse shows a container one of the device's secrets, as a variable or as a file. A variable
// also shows in podman inspect on the device; a file does not.
type SecretUse struct {
	Name string `json:"name"`
	Env  string `json:"env,omitempty"`
	Path string `json:"path,omitempty"`
}

// EnvValue is a literal, or the device's label or fact of that name: one field is set.
type EnvValue struct {
	Literal   string `json:"value,omitempty"`
	FromLabel string `json:"fromLabel,omitempty"`
	FromFact  string `json:"fromFact,omitempty"`
}

// Port publishes a port of the container on the host. Container 0 is the same number.
type Port struct {
	Host      uint16   `json:"host"`
	Container uint16   `json:"container,omitempty"`
	Protocol  Protocol `json:"protocol,omitempty"`
}

// resource is what the port holds of the host.
func (p Port) resource() Resource {
	return Resource(fmt.Sprintf("port %d/%s", p.Host, cmp.Or(p.Protocol, "tcp")))
}

// Mount binds a directory or file of the host into the container.
type Mount struct {
	Host      string `json:"host"`
	Container string `json:"container"`
	ReadOnly  bool   `json:"readOnly,omitempty"`
}

// Health is a command that says whether the container is well.
type Health struct {
	Exec []string `json:"exec"`
	// EverySeconds is the time between checks; 0 is 30.
	EverySeconds int `json:"everySeconds,omitempty"`
	// Failures in a row make the container unhealthy; 0 is 3.
	Failures int `json:"failures,omitempty"`
}

// Protocol is tcp (also if empty) or udp.
type Protocol string

// Network is empty (the device's default), host or none.
type Network string

// Restart is what happens when a container ends by itself: always (also if empty),
// on-failure or never.
type Restart string

// Pull is when the image is fetched: missing (also if empty), always or never.
type Pull string

func (p *Podman) check() error {
	if len(p.Containers) == 0 {
		return fmt.Errorf("podman: no containers")
	}
	names, ports := map[string]bool{}, map[Resource]string{}
	for _, c := range p.Containers {
		if err := c.check(); err != nil {
			return fmt.Errorf("container %q: %w", c.Name, err)
		}
		if names[c.Name] {
			return fmt.Errorf("container %q: name used twice", c.Name)
		}
		names[c.Name] = true
		for _, port := range c.Ports {
			if other, ok := ports[port.resource()]; ok {
				return fmt.Errorf("container %q: %s is published by %q already", c.Name, port.resource(), other)
			}
			ports[port.resource()] = c.Name
		}
	}
	return nil
}

func (c Container) check() error {
	if why := notLabel(c.Name); why != "" {
		return fmt.Errorf("name is not a DNS-1123 label: %s", why)
	}
	if c.Image == "" {
		return fmt.Errorf("image is required")
	}
	for name, v := range c.Env {
		if err := v.check(name); err != nil {
			return fmt.Errorf("env %w", err)
		}
	}
	for _, s := range c.Secrets {
		if why := notLabel(s.Name); why != "" {
			return fmt.Errorf("secret %q: name is not a DNS-1123 label: %s", s.Name, why)
		}
		_, taken := c.Env[s.Env]
		switch {
		case (s.Env == "") == (s.Path == ""):
			return fmt.Errorf("secret %q: give one of env and path", s.Name)
		case strings.ContainsAny(s.Env, "=\x00"):
			return fmt.Errorf("secret %q: env %q is no name of a variable", s.Name, s.Env)
		case taken && s.Env != "":
			return fmt.Errorf("secret %q: env has %s already", s.Name, s.Env)
		case s.Path != "" && CheckFilePath(s.Path) != nil:
			return fmt.Errorf("secret %q: %w", s.Name, CheckFilePath(s.Path))
		}
	}
	for _, p := range c.Ports {
		if p.Host == 0 {
			return fmt.Errorf("ports: host must be 1 to 65535")
		}
		if err := oneOf("protocol", p.Protocol, "", "tcp", "udp"); err != nil {
			return err
		}
	}
	for _, m := range c.Mounts {
		if !strings.HasPrefix(m.Host, "/") || !strings.HasPrefix(m.Container, "/") {
			return fmt.Errorf("mounts: %s:%s: both paths must be absolute", m.Host, m.Container)
		}
	}
	if c.Health != nil && len(c.Health.Exec) == 0 {
		return fmt.Errorf("health: exec is required")
	}
	if c.Memory < 0 || c.StopSeconds < 0 {
		return fmt.Errorf("memory and stopSeconds must not be negative")
	}
	if err := oneOf("network", c.Network, "", "host", "none"); err != nil {
		return err
	}
	if err := oneOf("restart", c.Restart, "", "always", "on-failure", "never"); err != nil {
		return err
	}
	return oneOf("pull", c.Pull, "", "missing", "always", "never")
}

func oneOf[T ~string](field string, have T, allowed ...T) error {
	for _, a := range allowed {
		if have == a {
			return nil
		}
	}
	text := make([]string, 0, len(allowed))
	for _, a := range allowed[1:] {
		text = append(text, string(a))
	}
	return fmt.Errorf("%s: %q is not one of %s", field, string(have), strings.Join(text, ", "))
}

func (p *Podman) resources() []Resource {
	var held []Resource
	for _, c := range p.Containers {
		held = append(held, Resource("container "+c.Name))
		for _, port := range c.Ports {
			held = append(held, port.resource())
		}
	}
	return held
}

func (p *Podman) inputs() []EnvValue {
	var in []EnvValue
	for _, c := range p.Containers {
		for _, e := range c.Env {
			in = append(in, e)
		}
	}
	return in
}

// withoutDefaults is the same workload with every default left out, so that what a default
// says and what is said in its place have one digest.
func (p *Podman) withoutDefaults() *Podman {
	if p == nil {
		return nil
	}
	out := &Podman{Containers: slices.Clone(p.Containers)}
	for i := range out.Containers {
		c := &out.Containers[i]
		c.Restart, c.Pull = leaveOut(c.Restart, "always"), leaveOut(c.Pull, "missing")
		c.StopSeconds = leaveOut(c.StopSeconds, 10)
		c.Ports = slices.Clone(c.Ports)
		for j := range c.Ports {
			port := &c.Ports[j]
			port.Container, port.Protocol = leaveOut(port.Container, port.Host), leaveOut(port.Protocol, "tcp")
		}
		if c.Health != nil {
			h := *c.Health
			h.EverySeconds, h.Failures = leaveOut(h.EverySeconds, 30), leaveOut(h.Failures, 3)
			c.Health = &h
		}
	}
	return out
}

// leaveOut is the zero value for the default.
func leaveOut[T comparable](v, byDefault T) T {
	if v == byDefault {
		var zero T
		return zero
	}
	return v
}
