//go:build remote && containers_image_openpgp

package podman

import (
	"fmt"
	"strings"

	"github.com/containers/podman/v5/pkg/specgen"
	"github.com/musterfleet/muster/algebra"
	oci "github.com/opencontainers/runtime-spec/specs-go"
	network "go.podman.io/common/libnetwork/types"
	"go.podman.io/image/v5/manifest"
)

// specification is a container in podman's words.
func (r *Runtime) specification(d algebra.Deployment, v algebra.Values, c algebra.Container) (*specgen.SpecGenerator, error) {
	environ, err := c.Environ(v)
	if err != nil {
		return nil, err
	}
	s := specgen.NewSpecGenerator(c.Image, false)
	s.Name = ContainerName(r.device, d.App(), c.Name)
	s.Labels = labels(r.device, d, v, c)
	s.Command = c.Command
	s.Env = map[string]string{}
	for _, e := range environ {
		name, text, _ := strings.Cut(e, "=")
		s.Env[name] = text
	}
	s.RestartPolicy = restartPolicy(c.Restart)
	s.StopTimeout = ptr(uint(10))
	if c.StopSeconds > 0 {
		s.StopTimeout = ptr(uint(c.StopSeconds))
	}
	if c.Privileged {
		s.Privileged = ptr(true)
	}
	if c.Memory > 0 {
		s.ResourceLimits = &oci.LinuxResources{Memory: &oci.LinuxMemory{Limit: ptr(c.Memory)}}
	}
	for _, m := range c.Mounts {
		s.Mounts = append(s.Mounts, bind(m))
	}
	r.showSecrets(s, d.App(), c)
	if h := c.Health; h != nil {
		// Interval 0 keeps podman from making systemd timers of its own where it could.
		s.HealthConfig = &manifest.Schema2HealthConfig{
			Test: append([]string{"CMD"}, h.Exec...), Retries: allowedFailures(*h), Timeout: scheduleOf(*h).timeout(),
		}
	}
	if err := connect(s, c); err != nil {
		return nil, err
	}
	return s, nil
}

func restartPolicy(p algebra.Restart) string {
	switch p {
	case "on-failure":
		return "on-failure"
	case "never":
		return "no"
	}
	return "always"
}

func bind(m algebra.Mount) oci.Mount {
	o := oci.Mount{Type: "bind", Source: m.Host, Destination: m.Container, Options: []string{"rbind"}}
	if m.ReadOnly {
		o.Options = append(o.Options, "ro")
	}
	return o
}

// connect sets network and ports. On the host's network a port is already where the
// container put it, and podman would drop a mapping with a mere warning: so one that changes
// the number is refused here.
func connect(s *specgen.SpecGenerator, c algebra.Container) error {
	switch c.Network {
	case "host":
		s.NetNS.NSMode = specgen.Host
	case "none":
		s.NetNS.NSMode = specgen.NoNetwork
	}
	for _, p := range c.Ports {
		inside, protocol := p.Container, string(p.Protocol)
		if inside == 0 {
			inside = p.Host
		}
		if protocol == "" {
			protocol = "tcp"
		}
		switch {
		case c.Network == "none":
			return fmt.Errorf("container %s: port %d cannot be published with `network: none`", c.Name, p.Host)
		case c.Network == "host" && inside != p.Host:
			return fmt.Errorf("container %s: port %d cannot become %d on the host's network; let it listen there, or leave `network` out", c.Name, inside, p.Host)
		case c.Network == "host":
			continue
		}
		s.PortMappings = append(s.PortMappings, network.PortMapping{HostPort: p.Host, ContainerPort: inside, Protocol: protocol})
	}
	return nil
}
