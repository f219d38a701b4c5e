package library

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed cel rego tests
var files embed.FS

// Policy is one policy of the library.
type Policy struct {
	Name string `json:"name"`
	// About says what it is for, in a few lines.
	About   string `json:"about"`
	Scope   string `json:"scope"`
	Level   string `json:"level"`
	Message string `json:"message"`
	// CEL, Rego and Tests are documents.
	CEL   string `json:"cel"`
	Rego  string `json:"rego"`
	Tests string `json:"tests"`
}

// All lists the policies by name.
func All() []Policy {
	entries, err := files.ReadDir("cel")
	if err != nil {
		panic("library: " + err.Error()) // it was built in
	}
	var out []Policy
	for _, e := range entries {
		out = append(out, read(strings.TrimSuffix(e.Name(), ".yaml")))
	}
	return out
}

// Files are the documents as they are laid out, for tests of them.
func Files() fs.FS { return files }

func read(name string) Policy {
	p := Policy{Name: name}
	for dir, into := range map[string]*string{"cel": &p.CEL, "rego": &p.Rego, "tests": &p.Tests} {
		text, err := files.ReadFile(path.Join(dir, name+".yaml"))
		if err != nil {
			panic("library: " + err.Error()) // each policy is in both languages, and tested
		}
		*into = string(text)
	}
	var head struct {
		Spec struct{ Scope, Level, Message string }
	}
	if err := yaml.Unmarshal([]byte(p.CEL), &head); err != nil {
		panic(fmt.Sprintf("library: %s: %v", name, err))
	}
	p.Scope, p.Level, p.Message = head.Spec.Scope, head.Spec.Level, head.Spec.Message
	var about []string
	for line := range strings.SplitSeq(p.CEL, "\n") {
		text, comment := strings.CutPrefix(line, "#")
		if !comment {
			break
		}
		about = append(about, strings.TrimSpace(text))
	}
	p.About = strings.Join(about, " ")
	return p
}
