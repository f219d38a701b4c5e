package algebra

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Systemd is a workload of units that the device's systemd runs.
type Systemd struct {
	Units []Unit `json:"units"`
	// Values are what ${NAME} in a text stands for, as in Files.
	Values map[string]EnvValue `json:"values,omitempty"`
}

// Unit is one unit file.
type Unit struct {
	// Name is such as report.service or report.timer.
	Name string `json:"name"`
	Text string `json:"text"`
	// Enabled has systemd start it at each boot. It is started now in any case, unless Passive.
	Enabled bool `json:"enabled,omitempty"`
	// Passive units are started by others: the service of a timer.
	Passive bool `json:"passive,omitempty"`
}

var unitName = regexp.MustCompile(`^[a-zA-Z0-9_-][a-zA-Z0-9_.@:-]*\.(service|timer|socket|path|mount|target)$`)

func (s *Systemd) check() error {
	if len(s.Units) == 0 {
		return fmt.Errorf("systemd: no units")
	}
	names := map[string]bool{}
	for _, u := range s.Units {
		switch {
		case !unitName.MatchString(u.Name) || len(u.Name) > 200:
			return fmt.Errorf("unit %q: no name of a service, timer, socket, path, mount or target", u.Name)
		case strings.TrimSpace(u.Text) == "":
			return fmt.Errorf("unit %q: no text", u.Name)
		case names[u.Name]:
			return fmt.Errorf("unit %q: name used twice", u.Name)
		}
		names[u.Name] = true
	}
	for name, e := range s.Values {
		if err := e.check(name); err != nil {
			return fmt.Errorf("values: %w", err)
		}
	}
	return nil
}

func (s *Systemd) resources() []Resource {
	var held []Resource
	for _, u := range s.Units {
		held = append(held, Resource("unit "+u.Name))
	}
	return held
}

func (s *Systemd) inputs() []EnvValue {
	var in []EnvValue
	for _, e := range s.Values {
		in = append(in, e)
	}
	return in
}

// Files is the units as files in the directory of units that an administrator writes.
func (s *Systemd) Files(dir string) *Files {
	out := &Files{Values: s.Values}
	for _, u := range s.Units {
		out.Files = append(out.Files, File{Path: dir + "/" + u.Name, Content: u.Text})
	}
	return out
}

func (s *Systemd) withoutDefaults() *Systemd {
	if s == nil {
		return nil
	}
	out := &Systemd{Units: slices.Clone(s.Units), Values: s.Values}
	slices.SortFunc(out.Units, func(a, b Unit) int { return strings.Compare(a.Name, b.Name) })
	return out
}
