package importers_test

import (
	"errors"
	"testing"

	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/importers"
	"github.com/musterfleet/muster/selectors/importers/inventory"
)

// FuzzImport checks that no text makes a translator panic, that every result is printed, read
// back and bound, and that every refusal names a place in the text.
func FuzzImport(f *testing.F) {
	for _, s := range []string{
		"", "a=b,c!=d,e in (x,y),f notin (),g,!h,n>3", "web:prod:&east:!old", "~web\\d+\\.x$", "w*[0:2]", "*.example.org", "[!a]*.x",
		"@gpu,@web&@prod!n[1-3]", "rack[1-2]n1[0-3]5^@src:*", "n[0-10/2]", `Meta.a == "b" and not "x" in Tags or "a" in Meta`,
		"Meta.k matches `^(a|b)$`", "any Tags as t { t == `gpu` }", "G@os:Deb* and not ( E@a|b or S@10.0.0.0/8 )", "P|@k|[^a]", "N@g or L@a,b", "é", "((((", "a[", "~(",
	} {
		f.Add(s)
	}
	roster, err := inventory.Read("x.ini", []byte("[web]\nweb[1:3]\n[prod:children]\nweb\n[old]\ndb.x\n"))
	if err != nil {
		f.Fatal(err)
	}
	groups, err := importers.ReadGroups([]byte("gpu: n[1-3]\nweb: '@gpu,x'\nall: '@web'\n"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 300 {
			return // the grammar of go-bexpr takes long
		}
		list := languages()
		for _, as := range []importers.Names{importers.AsHosts, importers.AsLabels, importers.AsFleets} {
			list = append(list, language{name: "ansible", translate: func(s string) (selectors.Expr, error) {
				return importers.Ansible(s, importers.AnsibleOptions{Inventory: roster, Names: as})
			}})
		}
		list = append(list, language{name: "nodeset", translate: func(s string) (selectors.Expr, error) { return importers.Nodeset(s, groups) }})
		for _, l := range list {
			x, err := l.translate(s)
			if err == nil {
				wellFormed(t, x)
				continue
			}
			var places selectors.Errors
			if !errors.As(err, &places) || len(places) != 1 || places[0].At.Start < 0 || places[0].At.End > len(s) || places[0].At.Start > places[0].At.End {
				t.Fatalf("%s of %q fails with %#v", l.name, s, err)
			}
		}
		if b, ok := boundSelector(s); ok {
			if text, err := importers.ToKubernetes(b); err == nil {
				if _, err := importers.Kubernetes(text); err != nil {
					t.Fatalf("%q is exported as %q: %v", s, text, err)
				}
			}
		}
	})
}

func boundSelector(s string) (*selectors.Bound, bool) {
	x, err := selectors.Parse(s)
	if err != nil {
		return nil, false
	}
	b, err := selectors.Bind(x, selectors.Scope{})
	return b, err == nil
}

// FuzzInventory checks that no file makes the readers of inventories and groups panic.
func FuzzInventory(f *testing.F) {
	for _, s := range []string{
		"[web]\nweb[01:10:3].x:22 a=1 b='c d' # e\n[web:vars]\nx=[1]\n[all:children]\nweb\n",
		"all:\n  hosts:\n    a[1:2]:\n      x: 0o17\n  children: &c\n    web: {hosts: {b: null}, vars: {y: yes}}\n",
		`{"_meta":{"hostvars":{"a":{"x":1.5}}},"web":{"hosts":["a"],"children":["db"]},"db":{}}`,
		"{\"id\":\"a\",\"labels\":{\"group/x\":\"true\"}}\n", "id,site\na,b\n", "a: b\nlocal:\n  x: [1, '@y']\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, name := range []string{"x", "x.ini", "x.yaml", "x.json", "x.jsonl", "x.csv"} {
			v, err := inventory.Read(name, []byte(s))
			if err == nil && len(v.Hosts) == 0 {
				t.Fatalf("%s: no host and no error", name)
			}
		}
		if g, err := importers.ReadGroups([]byte(s)); err == nil {
			_, _ = importers.Nodeset("@*,@x,@y:*", g)
		}
	})
}
