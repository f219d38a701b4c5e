package rego

import (
	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/musterfleet/muster/policies/classes"
)

// element is the reading of one rule that is about one change at a time.
type element struct {
	*compiling
	drawn ast.Var
	// alias are the variables that stand for a part of the change which is always there, and
	// naming the steps that make them so.
	alias  map[ast.Var]classes.Path
	naming map[*ast.Expr]bool
	reads  classes.Reads
	named  []classes.Path // what aliases stand for: it has to be there, whatever of it is read
	// entries are the references to one entry of the device's labels or facts, of which inner are
	// in functions.
	entries []entryRef
	inner   bool
}

// body reads a rule: what decides whether it objects into Verdict, what only words the
// objection into Words. OPA has rewritten the body into small steps by now:
//
//	c = input.resource_changes[i]; a = c.change.actions; neq(a, ["delete"]);   decide
//	b = c.address; sprintf("%s: …", [b], m)                                    word
func (e *element) body(r *ast.Rule) {
	e.learn(r.Body)
	wording := e.wording(r)
	for i, x := range r.Body {
		e.visit(x, wording[i])
	}
	e.visit(r.Head.Key, true)
	e.drawEntries(r.Body)
}

// learn notes the aliases of a body: v = a part of the change that is always there, where v
// is met first. Met again, v = … compares.
func (e *element) learn(body ast.Body) {
	for i, x := range body {
		v, term, ok := assigned(x)
		if !ok || x.Negated || e.alias[v] != nil && !e.naming[x] || metBefore(body[:i], v) {
			continue
		}
		delete(e.alias, v)
		delete(e.naming, x)
		if p, whole := e.path(term); whole && isTotal(p) {
			e.alias[v], e.naming[x] = p, true
			e.named = append(e.named, p)
		}
	}
}

func metBefore(body ast.Body, v ast.Var) bool {
	found := false
	for _, x := range body {
		ast.WalkVars(x, func(w ast.Var) bool { found = found || v == w; return found })
	}
	return found
}

// assigned takes v = term apart.
func assigned(x *ast.Expr) (ast.Var, *ast.Term, bool) {
	if !x.IsEquality() {
		return "", nil, false
	}
	for _, side := range [][2]int{{0, 1}, {1, 0}} {
		if v, is := x.Operand(side[0]).Value.(ast.Var); is {
			return v, x.Operand(side[1]), true
		}
	}
	return "", nil, false
}

// visit notes what a step or a term reads of the change.
func (e *element) visit(x any, wording bool) {
	if step, is := x.(*ast.Expr); is && e.naming[step] {
		return
	}
	vis := ast.NewGenericVisitor(func(x any) bool {
		switch x := x.(type) {
		case *ast.Expr:
			return e.call(x.Operator(), x, wording)
		case *ast.Term:
			return e.term(x, wording)
		}
		return false
	})
	vis.Walk(x)
}

// term notes the part of the change that a term is, and reports whether all of it was seen.
func (e *element) term(t *ast.Term, wording bool) bool {
	if call, is := t.Value.(ast.Call); is {
		return e.arguments(call[0].Value.(ast.Ref), call[1:], wording)
	}
	p, whole := e.path(t)
	if p == nil {
		return false
	}
	if !e.noteEntry(t) {
		e.note(p, wording && whole)
	}
	if ref, is := t.Value.(ast.Ref); is {
		for _, key := range ref[1:] {
			if v, plain := key.Value.(ast.Var); !plain || v != e.drawn {
				e.visit(key, wording)
			}
		}
	}
	return true
}

func (e *element) call(operator ast.Ref, x *ast.Expr, wording bool) bool {
	return operator != nil && x.IsCall() && e.arguments(operator, x.Operands(), wording)
}

// arguments follows parts of the change into the functions of the modules, and reports
// whether it did.
func (e *element) arguments(operator ast.Ref, args []*ast.Term, wording bool) bool {
	functions := e.compiler.GetRulesExact(operator) // none for builtins; they do not recurse
	if len(functions) == 0 {
		return e.gets(operator, args, wording)
	}
	defer func(inner bool) { e.inner = inner }(e.inner)
	e.inner = true
	for _, f := range functions {
		for ; f != nil; f = f.Else {
			for i, a := range args {
				if i >= len(f.Head.Args) {
					e.visit(a, wording) // what takes the result
					continue
				}
				name, plain := f.Head.Args[i].Value.(ast.Var)
				delete(e.alias, name)
				if p, whole := e.path(a); whole && plain && isTotal(p) {
					e.alias[name] = p
					e.named = append(e.named, p)
					continue
				}
				e.visit(a, wording)
			}
			e.learn(f.Body)
			for _, x := range f.Body {
				e.visit(x, wording)
			}
			e.visit(f.Head.Value, wording)
		}
	}
	return true
}

// gets follows object.get to the key it is given, or keys, and reports whether it did.
func (e *element) gets(operator ast.Ref, args []*ast.Term, wording bool) bool {
	if operator.String() != "object.get" || len(args) < 3 {
		return false
	}
	p, whole := e.path(args[0])
	if !whole {
		return false
	}
	keys, is := args[1].Value.(*ast.Array)
	if !is {
		keys = ast.NewArray(args[1])
	}
	for i := range keys.Len() {
		text, is := keys.Elem(i).Value.(ast.String)
		if !is {
			return false
		}
		p = append(p[:len(p):len(p)], string(text))
	}
	e.note(p, wording)
	for _, a := range args[2:] {
		e.visit(a, wording)
	}
	return true
}

// note keeps a path. Whether a part that may be missing is there decides, whoever asks.
func (e *element) note(p classes.Path, wording bool) {
	if wording && isTotal(p) {
		e.reads.Words = append(e.reads.Words, p)
		return
	}
	e.reads.Verdict = append(e.reads.Verdict, p)
}
