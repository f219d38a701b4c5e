package inventory

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// readYAML reads an inventory in YAML: groups with hosts, vars and children.
func readYAML(content []byte) (*Inventory, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(content, &doc); err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, errors.New("line 1: an inventory is a mapping of groups")
	}
	g := newGraph()
	err := pairs(doc.Content[0], func(key string, _, val *yaml.Node) error {
		if key == "plugin" {
			return fmt.Errorf("line %d: this asks a plugin for the hosts; give what ansible-inventory --list prints", val.Line)
		}
		_, err := g.yamlGroup(key, val, nil)
		return err
	})
	if err != nil {
		return nil, err
	}
	return g.inventory()
}

// pairs calls f for each key of a mapping, with aliases followed.
func pairs(n *yaml.Node, f func(key string, keyNode, val *yaml.Node) error) error {
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, val := n.Content[i], followed(n.Content[i+1])
		if v := yamlValue(key); v.text != key.Value || key.Tag == "!!merge" || key.Tag != "!!str" {
			return fmt.Errorf("line %d: the key %s is no text; put it in quotes", key.Line, key.Value)
		}
		if err := f(key.Value, key, val); err != nil {
			return err
		}
	}
	return nil
}

func followed(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func (g *graph) yamlGroup(name string, n *yaml.Node, within []string) (*group, error) {
	at := g.group(name)
	if err := g.visit(1); err != nil || isNull(n) {
		return at, err
	}
	if n.Kind != yaml.MappingNode || slices.Contains(within, name) {
		return nil, fmt.Errorf("line %d: the group %s is no mapping of hosts, vars and children", n.Line, name)
	}
	within = append(within, name)
	err := pairs(n, func(key string, keyNode, val *yaml.Node) error {
		if isNull(val) {
			return nil
		}
		if val.Kind == yaml.ScalarNode && (key == "hosts" || key == "children") { // one of them
			val = &yaml.Node{Kind: yaml.MappingNode, Line: val.Line, Content: []*yaml.Node{val, {Kind: yaml.ScalarNode, Tag: "!!null"}}}
		}
		if val.Kind != yaml.MappingNode {
			return fmt.Errorf("line %d: %s of the group %s is no mapping", keyNode.Line, key, name)
		}
		switch key {
		case "vars":
			return pairs(val, func(k string, _, v *yaml.Node) error { return at.set(k, yamlValue(v)) })
		case "children":
			return pairs(val, func(k string, kn, v *yaml.Node) error {
				child, err := g.yamlGroup(k, v, within)
				if err == nil && !g.adopt(at, child) {
					err = fmt.Errorf("line %d: the group %s contains itself", kn.Line, k)
				}
				return err
			})
		case "hosts":
			return pairs(val, func(k string, kn, v *yaml.Node) error { return g.yamlHosts(k, kn, v, at) })
		}
		return fmt.Errorf("line %d: a group has hosts, vars and children, and no %s", keyNode.Line, key)
	})
	return at, err
}

func (g *graph) yamlHosts(pattern string, key, vars *yaml.Node, in *group) error {
	hosts, err := expandHosts(pattern)
	if err != nil {
		return fmt.Errorf("line %d: %w", key.Line, err)
	}
	if err := g.visit(len(hosts)); err != nil {
		return err
	}
	for _, h := range hosts {
		g.host(h, in)
	}
	if isNull(vars) {
		return nil
	}
	if vars.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: the variables of a host are a mapping", vars.Line)
	}
	return pairs(vars, func(k string, _, v *yaml.Node) error {
		for _, h := range hosts {
			if err := g.setHost(h, k, yamlValue(v)); err != nil {
				return err
			}
		}
		return nil
	})
}

// The plain scalars that YAML 1.1, which Ansible reads, takes for more than text.
var (
	yamlTrue   = regexp.MustCompile(`^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$`)
	yamlFalse  = regexp.MustCompile(`^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$`)
	yamlNull   = regexp.MustCompile(`^(?:~|null|Null|NULL|)$`)
	yamlOctal  = regexp.MustCompile(`^[-+]?0[0-7_]+$`)
	yamlNumber = regexp.MustCompile(`^[-+]?(?:0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|0b[01_]+)$`)
	yamlFloat  = regexp.MustCompile(`^[-+]?[0-9][0-9_]*\.[0-9_]*$`)
	yamlSixty  = regexp.MustCompile(`^[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+$`)
	yamlOther  = regexp.MustCompile(`^[-+]?(?:[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?|[0-9._]+[eE][-+][0-9]+|\.(?:inf|Inf|INF)|\.nan|\.NaN|\.NAN)$`)
)

// yamlValue reads a scalar as PyYAML does.
func yamlValue(n *yaml.Node) value {
	s := n.Value
	switch {
	case n.Kind != yaml.ScalarNode:
		return value{why: manyValues}
	case n.Tag == "!vault" || n.Tag == "!vault-encrypted":
		return value{why: "is a secret"}
	case n.Tag == "!unsafe":
		return value{text: s}
	case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return plainText(s)
	case yamlNull.MatchString(s):
		return value{why: noValue}
	case yamlTrue.MatchString(s), yamlFalse.MatchString(s):
		return truth(yamlTrue.MatchString(s))
	case yamlSixty.MatchString(s):
		if text, ok := sixties(s); ok {
			return value{text: text}
		}
	case yamlOther.MatchString(s):
		return value{why: "is a number that YAML 1.1 reads in its own way; put it in quotes"}
	case yamlOctal.MatchString(s):
		sign, digits := strings.TrimRight(s, "01234567_"), strings.TrimLeft(s, "+-")
		if v, err := strconv.ParseInt(strings.TrimPrefix(sign, "+")+strings.ReplaceAll(digits, "_", ""), 8, 64); err == nil {
			return value{text: strconv.FormatInt(v, 10)}
		}
	case yamlNumber.MatchString(s):
		if v, err := strconv.ParseInt(strings.ReplaceAll(s, "_", ""), 0, 64); err == nil {
			return value{text: strconv.FormatInt(v, 10)}
		}
	case yamlFloat.MatchString(s):
		if text, ok := pythonFraction(strings.ReplaceAll(s, "_", "")); ok {
			return value{text: text}
		}
	default:
		return plainText(s)
	}
	return value{why: "is a number out of range"}
}

// sixties is 1:30 as a number: minutes and seconds, or hours and minutes.
func sixties(s string) (string, bool) {
	total := int64(0)
	for part := range strings.SplitSeq(strings.ReplaceAll(strings.TrimLeft(s, "+-"), "_", ""), ":") {
		n, err := strconv.ParseInt(part, 10, 64)
		if err != nil || total > 1<<40 {
			return "", false
		}
		total = total*60 + n
	}
	if s[0] == '-' {
		total = -total
	}
	return strconv.FormatInt(total, 10), true
}
