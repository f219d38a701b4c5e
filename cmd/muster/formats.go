package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"iter"

	"go.yaml.in/yaml/v3"
)

func indented(c *console, v any) error {
	enc := json.NewEncoder(c.out)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// asLines is one object a line.
func asLines[T any](c *console, items iter.Seq[T]) error {
	buffered := bufio.NewWriter(c.out)
	enc := json.NewEncoder(buffered)
	for item := range items {
		if err := enc.Encode(item); err != nil {
			return err
		}
	}
	return buffered.Flush()
}

func asCSV(c *console, rows [][]string) error {
	return csv.NewWriter(c.out).WriteAll(rows)
}

// asYAML writes what the JSON form says, as YAML: every text that could be read as anything
// else is quoted.
func asYAML(c *console, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	var tree yaml.Node
	if err := yaml.Unmarshal(text, &tree); err != nil {
		return err
	}
	block(&tree)
	out, err := yaml.Marshal(&tree)
	if err != nil {
		return err
	}
	_, err = c.out.Write(out)
	return err
}

// block drops the braces and quotes of JSON; the encoder puts back the quotes it needs.
func block(n *yaml.Node) {
	n.Style = 0
	for _, c := range n.Content {
		block(c)
	}
}
