package worldfile

import (
	"cmp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// width is how long a line with a collection in braces may get.
const width = 100

// printer writes nodes in the canonical form.
type printer struct {
	file *file
	// top is the first key of the document as written. A comment above it is about the
	// document and is written already, whatever key comes first now.
	top *yaml.Node
	b   strings.Builder
}

// canonical writes the documents of a file.
func (f *file) canonical() string {
	var out strings.Builder
	for i, root := range f.roots {
		if i > 0 {
			out.WriteString("---\n")
		}
		out.WriteString(f.document(root))
	}
	return out.String()
}

// document writes one.
func (f *file) document(root *yaml.Node) string {
	body := root.Content[0]
	p := &printer{file: f, top: body.Content[0]}
	p.comment(root.HeadComment, "")
	if root.HeadComment != "" {
		p.blank()
	}
	p.comment(body.HeadComment, "")
	p.comment(p.top.HeadComment, "")
	p.mapping(body, "")
	p.foot(body.FootComment, "")
	p.foot(root.FootComment, "")
	return strings.TrimRight(p.b.String(), "\n") + "\n"
}

// blank ends a paragraph, once.
func (p *printer) blank() {
	if s := p.b.String(); s != "" && !strings.HasSuffix(s, "\n\n") {
		p.b.WriteString("\n")
	}
}

// comment writes the lines of a comment.
func (p *printer) comment(text, indent string) {
	if text == "" {
		return
	}
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			p.blank()
			continue
		}
		p.b.WriteString(indent + line + "\n")
	}
}

// foot writes a comment that belongs to what is above it: a blank line keeps it there.
func (p *printer) foot(text, indent string) {
	p.comment(text, indent)
	if text != "" {
		p.blank()
	}
}

// pair is an entry of a mapping.
type pair struct{ key, value *yaml.Node }

// pairs is the entries of a mapping in canonical order.
func (p *printer) pairs(n *yaml.Node) []pair {
	var out []pair
	for i := 0; i+1 < len(n.Content); i += 2 {
		out = append(out, pair{n.Content[i], n.Content[i+1]})
	}
	order, fixed := p.file.order[n]
	slices.SortStableFunc(out, func(a, b pair) int {
		if fixed {
			return cmp.Compare(slices.Index(order, a.key.Value), slices.Index(order, b.key.Value))
		}
		return cmp.Compare(a.key.Value, b.key.Value)
	})
	return out
}

func (p *printer) mapping(n *yaml.Node, indent string) {
	last := "" // what stands below the last entry stays below the mapping
	for _, e := range p.pairs(n) {
		if e.key != p.top {
			p.comment(e.key.HeadComment, indent)
		}
		p.comment(e.value.HeadComment, indent)
		p.b.WriteString(indent + p.scalar(e.key, indent) + ":")
		p.value(e.key, e.value, indent)
		p.foot(e.value.FootComment, indent)
		if e.key == n.Content[len(n.Content)-2] {
			last = e.key.FootComment
		} else {
			p.foot(e.key.FootComment, indent)
		}
	}
	p.foot(last, indent)
}

// value writes what follows the colon of a key.
func (p *printer) value(key, n *yaml.Node, indent string) {
	note := ""
	for _, c := range []string{key.LineComment, n.LineComment} {
		if c != "" {
			note += " " + strings.ReplaceAll(c, "\n", " ")
		}
	}
	if n.Kind == yaml.ScalarNode {
		text := p.scalar(n, indent)
		if head, body, block := strings.Cut(text, "\n"); block {
			p.b.WriteString(" " + head + note + "\n" + body + "\n")
			return
		}
		p.b.WriteString(" " + text + note + "\n")
		return
	}
	short := len(n.Content) <= 2 && key.Value != "spec" || key.Value == "metadata" || n.Kind == yaml.SequenceNode
	if text, ok := p.flow(n); ok && (short || len(n.Content) == 0) && len(indent)+len(key.Value)+2+len(text) <= width {
		p.b.WriteString(" " + text + note + "\n")
		return
	}
	p.b.WriteString(note + "\n")
	if n.Kind == yaml.MappingNode {
		p.mapping(n, indent+"  ")
		return
	}
	p.sequence(n, indent)
}

func (p *printer) sequence(n *yaml.Node, indent string) {
	for _, item := range n.Content {
		p.comment(item.HeadComment, indent)
		p.item(item, indent)
		p.foot(item.FootComment, indent)
	}
}

// item writes a member of a list after its dash.
func (p *printer) item(n *yaml.Node, indent string) {
	note := ""
	if n.LineComment != "" {
		note = " " + strings.ReplaceAll(n.LineComment, "\n", " ")
	}
	if n.Kind == yaml.ScalarNode {
		text := p.scalar(n, indent)
		if head, body, block := strings.Cut(text, "\n"); block {
			text, note = head+note+"\n"+body, ""
		}
		p.b.WriteString(indent + "- " + text + note + "\n")
		return
	}
	if text, ok := p.flow(n); ok && len(indent)+2+len(text) <= width {
		p.b.WriteString(indent + "- " + text + note + "\n")
		return
	}
	// The first line of the block gives way to the dash; comments above it move out.
	inner := printer{file: p.file}
	if n.Kind == yaml.MappingNode {
		inner.mapping(n, indent+"  ")
	} else {
		inner.sequence(n, indent+"  ")
	}
	block := inner.b.String()
	for {
		line, rest, _ := strings.Cut(block, "\n")
		if !strings.HasPrefix(line, indent+"  ") || !strings.HasPrefix(line[len(indent)+2:], "#") {
			break
		}
		p.b.WriteString(indent + line[len(indent)+2:] + "\n")
		block = rest
	}
	p.b.WriteString(indent + "- " + strings.TrimPrefix(block, indent+"  "))
}

// flow is a collection on one line, if it holds no comments and nothing that needs lines.
// Mappings are so written only where all they hold is scalars.
func (p *printer) flow(n *yaml.Node) (string, bool) {
	var parts []string
	if n.Kind == yaml.SequenceNode {
		for _, item := range n.Content {
			if item.Kind != yaml.ScalarNode || commented(item) || strings.Contains(item.Value, "\n") {
				return "", false
			}
			parts = append(parts, p.scalar(item, ""))
		}
		return "[" + strings.Join(parts, ", ") + "]", true
	}
	for _, e := range p.pairs(n) {
		if e.value.Kind != yaml.ScalarNode || commented(e.key) || commented(e.value) || strings.Contains(e.value.Value, "\n") {
			return "", false
		}
		parts = append(parts, p.scalar(e.key, "")+": "+p.scalar(e.value, ""))
	}
	return "{" + strings.Join(parts, ", ") + "}", true
}

func commented(n *yaml.Node) bool { return n.HeadComment+n.LineComment+n.FootComment != "" }
