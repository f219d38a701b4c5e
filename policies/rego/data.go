package rego

import (
	"github.com/open-policy-agent/opa/v1/ast"
)

// checkData refuses what reads data that nobody gave: such a reference is undefined, and a
// rule that uses it holds its peace.
func (c *compiling) checkData() {
	told := map[string]bool{}
	for _, file := range sortedKeys(c.compiler.Modules) {
		for _, r := range c.compiler.Modules[file].Rules {
			ast.WalkRefs(r, func(ref ast.Ref) bool {
				if !ref.HasPrefix(ast.DefaultRootRef) || len(c.compiler.GetRulesDynamicWithOpts(ref, ast.RulesOptions{})) > 0 {
					return false
				}
				known := any(c.data)
				for i := 1; i < len(ref); i++ {
					key, ground := ref[i].Value.(ast.String)
					object, is := known.(map[string]any)
					if !ground || !is {
						return false
					}
					next, ok := object[string(key)]
					if !ok {
						if what := ref[:i+1].String(); !told[what] {
							told[what] = true
							c.fail(ref[i].Location, nearest(string(key), sortedKeys(object)), "%s is defined by no module and no data", what)
						}
						return false
					}
					known = next
				}
				return false
			})
		}
	}
}
