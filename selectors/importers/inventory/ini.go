package inventory

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var (
	section   = regexp.MustCompile(`^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?$`)
	groupName = regexp.MustCompile(`^([^:\]\s]+)\s*(?:#.*)?$`)
)

// pending is a group that is named before it is declared.
type pending struct {
	line    int
	vars    bool
	parents []*group
}

// ini reads an INI inventory in one pass, as Ansible does.
type ini struct {
	*graph
	waiting map[string]*pending
}

func readINI(text string) (*Inventory, error) {
	p := ini{newGraph(), map[string]*pending{}}
	at, state := p.byName["ungrouped"], "hosts"
	for i, line := range strings.Split(strings.ReplaceAll(text, "\r", "\n"), "\n") {
		line = strings.TrimSpace(strings.TrimPrefix(line, "\ufeff"))
		if line == "" || line[0] == ';' || line[0] == '#' {
			continue
		}
		var err error
		switch m := section.FindStringSubmatch(line); {
		case m != nil:
			if state = m[2]; state == "" {
				state = "hosts"
			}
			at, err = p.section(m[1], state, i+1)
		case line[0] == '[' && line[len(line)-1] == ']':
			err = errors.New("no section; write [group], [group:children] or [group:vars]")
		case state == "hosts":
			err = p.hostLine(line, at)
		case state == "vars":
			err = p.varLine(line, at)
		default:
			err = p.childLine(line, at, i+1)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	for name, w := range p.waiting {
		if w.vars {
			return nil, fmt.Errorf("line %d: variables of the group %s, which is declared nowhere", w.line, name)
		}
		return nil, fmt.Errorf("line %d: the group %s is declared nowhere", w.line, name)
	}
	return p.inventory()
}

func (p *ini) section(name, state string, line int) (*group, error) {
	if state != "hosts" && state != "children" && state != "vars" {
		return nil, fmt.Errorf("a section of an unknown kind, %s; known: hosts, children, vars", state)
	}
	w := p.waiting[name]
	if _, known := p.byName[name]; !known && w == nil && state == "vars" {
		p.waiting[name] = &pending{line: line, vars: true}
	}
	g := p.group(name)
	if w == nil || state == "vars" {
		return g, nil
	}
	delete(p.waiting, name)
	for _, parent := range w.parents {
		if !p.adopt(parent, g) {
			return nil, fmt.Errorf("the group %s contains itself", name)
		}
	}
	return g, nil
}

func (p *ini) childLine(line string, parent *group, at int) error {
	m := groupName.FindStringSubmatch(line)
	if m == nil {
		return errors.New("no name of a group")
	}
	child, known := p.byName[m[1]]
	if _, waits := p.waiting[m[1]]; known && !waits {
		if !p.adopt(parent, child) {
			return fmt.Errorf("the group %s contains itself", m[1])
		}
		return nil
	}
	w := p.waiting[m[1]]
	if w == nil {
		w = &pending{line: at}
		p.waiting[m[1]] = w
	}
	w.parents = append(w.parents, parent)
	return nil
}

func (p *ini) varLine(line string, g *group) error {
	key, val, ok := strings.Cut(line, "=")
	if !ok {
		return errors.New("no variable; write name=value")
	}
	return g.set(strings.TrimSpace(key), pythonValue(strings.TrimSpace(val)))
}

// set gives the group a variable, or its priority.
func (g *group) set(key string, val value) error {
	if key != "ansible_group_priority" {
		g.vars[key] = val
		return nil
	}
	n, err := strconv.Atoi(val.text)
	if err != nil {
		return fmt.Errorf("ansible_group_priority is a whole number, and %q is none", val.text)
	}
	g.priority = n
	return nil
}

func (p *ini) hostLine(line string, g *group) error {
	words, err := shellWords(line)
	if err != nil {
		return err
	}
	if len(words) == 0 {
		return nil
	}
	hosts, err := expandHosts(words[0])
	if err != nil {
		return err
	}
	if err := p.visit(len(hosts)); err != nil {
		return err
	}
	for _, h := range hosts {
		p.host(h, g)
	}
	for _, w := range words[1:] {
		key, val, ok := strings.Cut(w, "=")
		if !ok {
			return fmt.Errorf("%q behind a host; write name=value", w)
		}
		for _, h := range hosts {
			if err := p.setHost(h, key, pythonValue(val)); err != nil {
				return err
			}
		}
	}
	return nil
}

// shellWords cuts a line as a shell does, its comment left out.
func shellWords(line string) (list []string, err error) {
	var b strings.Builder
	in, begun := byte(0), false // the open quote; whether a word has begun
	end := func() {
		if begun {
			list = append(list, b.String())
			b.Reset()
			begun = false
		}
	}
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case in != 0 && c == in:
			in = 0
		case c == '\\' && in != '\'' && i+1 < len(line) && (in == 0 || line[i+1] == '"' || line[i+1] == '\\'):
			i++
			b.WriteByte(line[i])
			begun = true
		case in != 0:
			b.WriteByte(c)
		case c == '\'' || c == '"':
			in, begun = c, true
		case c == '#':
			end()
			return list, nil
		case c == ' ' || c == '\t':
			end()
		default:
			b.WriteByte(c)
			begun = true
		}
	}
	if in != 0 {
		return nil, errors.New("a quote that is not closed")
	}
	end()
	return list, nil
}
