package planfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// Encode writes the file as encoding/json does, in one line. It goes out in pieces: the text of a plan
// of a hundred thousand changes is some hundreds of megabytes, and is nowhere held as a whole.
func (f File) Encode(to io.Writer) error { return f.encode(to, nil) }

// encode is Encode but for some top-level keys.
func (f File) encode(to io.Writer, without map[string]bool) error {
	p := pieces{to: to}
	of := reflect.ValueOf(&f).Elem()
	lead := "{"
	for i := range of.NumField() {
		name, _, _ := strings.Cut(of.Type().Field(i).Tag.Get("json"), ",")
		if without[name] {
			continue
		}
		p.out.WriteString(lead + `"` + name + `":`)
		lead = ","
		if field := of.Field(i); field.Kind() == reflect.Slice && !field.IsNil() {
			p.list(field)
		} else {
			p.value(field)
		}
	}
	p.out.WriteByte('}')
	p.flush()
	return p.failed
}

// pieces is a text on its way out.
type pieces struct {
	to     io.Writer
	out    bytes.Buffer
	failed error
}

// piece is how long one is, more or less.
const piece = 32 << 10

func (p *pieces) list(items reflect.Value) {
	p.out.WriteByte('[')
	for i := range items.Len() {
		if i > 0 {
			p.out.WriteByte(',')
		}
		p.value(items.Index(i))
	}
	p.out.WriteByte(']')
}

func (p *pieces) value(v reflect.Value) {
	if err := json.NewEncoder(&p.out).Encode(v.Addr().Interface()); err != nil {
		panic(fmt.Sprintf("planfile: %v", err)) // plain data always encodes
	}
	p.out.Truncate(p.out.Len() - 1) // the newline after it
	if p.out.Len() >= piece {
		p.flush()
	}
}

func (p *pieces) flush() {
	if p.failed == nil {
		_, p.failed = p.out.WriteTo(p.to)
	}
	p.out.Reset()
}
