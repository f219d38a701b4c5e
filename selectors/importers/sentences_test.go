package importers_test

import (
	"fmt"
	"math/rand"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/importers"
)

// sentence is a text of a language with what it means, said without the translator.
type sentence struct {
	text   string
	admits func(device) bool
}

// language is a translator and a writer of sentences with their meaning.
type language struct {
	name      string
	translate func(string) (selectors.Expr, error)
	write     func(*rand.Rand) sentence
}

func languages() []language {
	return []language{
		{"k8s", importers.Kubernetes, kubernetesSentence},
		{"ansible", func(s string) (selectors.Expr, error) { return importers.Ansible(s, importers.AnsibleOptions{}) }, ansibleSentence},
		{"nodeset", func(s string) (selectors.Expr, error) { return importers.Nodeset(s, nil) }, nodesetSentence},
		{"bexpr", importers.Bexpr, func(r *rand.Rand) sentence { return bexprSentence(r, 2) }},
		{"salt", importers.Salt, func(r *rand.Rand) sentence { return saltSentence(r, 3) }},
	}
}

// What devices and sentences are made of: few words, so that they meet.
var (
	someKeys   = []string{"site", "ring", "slots"}
	someValues = []string{"", "lyon", "LYON", "0", "3", "12", "3.5", "a.b", "x*"}
	someNames  = []string{"web1", "web2", "db1", "db.example.org"}
	someGroups = []string{"web", "prod", "old"}
	someTags   = []string{"gpu", "cam"}
)

func oneOf[T any](r *rand.Rand, from []T) T { return from[r.Intn(len(from))] }

func randomDevice(r *rand.Rand) device {
	d := device{name: oneOf(r, someNames), labels: map[string]string{}, facts: map[string]string{}}
	for _, k := range someKeys {
		if r.Intn(3) > 0 {
			d.labels[k] = oneOf(r, someValues)
		}
	}
	for _, g := range someGroups {
		if r.Intn(2) == 0 {
			d.labels["group/"+g] = "true"
		}
	}
	var tags []string
	for _, tag := range someTags {
		if r.Intn(2) == 0 {
			tags = append(tags, tag)
		}
	}
	if len(tags) > 0 {
		d.facts["tags"] = strings.Join(tags, ",")
	}
	d.facts["ip"] = oneOf(r, []string{"10.0.0.7", "10.1.0.7", "192.168.0.1"})
	return d
}

// groupNames is who is in a @group, for those who are asked about names.
func groupNames() map[string]func(device) bool {
	names := map[string]func(device) bool{}
	for _, g := range someGroups {
		names[g] = inGroup(g)
	}
	return names
}

func inGroup(g string) func(device) bool {
	return func(d device) bool { return d.labels["group/"+g] == "true" }
}

func kubernetesSentence(r *rand.Rand) sentence {
	s := sentence{admits: func(device) bool { return true }}
	var parts []string
	for range r.Intn(4) {
		key, value, before := oneOf(r, someKeys), oneOf(r, []string{"", "lyon", "0", "3", "12"}), s.admits
		add := func(text string, holds func(v string, ok bool) bool) {
			parts = append(parts, text)
			s.admits = func(d device) bool { v, ok := d.labels[key]; return before(d) && holds(v, ok) }
		}
		other := oneOf(r, []string{"lyon", "12"})
		number := r.Intn(13)
		switch r.Intn(7) {
		case 0:
			add(key, func(_ string, ok bool) bool { return ok })
		case 1:
			add("!"+key, func(_ string, ok bool) bool { return !ok })
		case 2:
			add(key+"="+value, func(v string, ok bool) bool { return ok && v == value })
		case 3:
			add(key+"!="+value, func(v string, ok bool) bool { return !ok || v != value })
		case 4:
			add(key+" in ("+value+","+other+")", func(v string, ok bool) bool { return ok && (v == value || v == other) })
		case 5:
			add(key+" notin ("+value+","+other+")", func(v string, ok bool) bool { return !ok || v != value && v != other })
		case 6:
			greater := r.Intn(2) == 0
			add(key+map[bool]string{true: ">", false: "<"}[greater]+strconv.Itoa(number), func(v string, _ bool) bool {
				n, err := strconv.ParseInt(v, 10, 64)
				return err == nil && (greater && n > int64(number) || !greater && n < int64(number))
			})
		}
	}
	s.text = strings.Join(parts, ",")
	return s
}

// hostSentence is a group or a host.
func hostSentence(r *rand.Rand, group string) sentence {
	if r.Intn(3) == 0 {
		return sentence{"db.example.org", func(d device) bool { return d.name == "db.example.org" }}
	}
	g := oneOf(r, someGroups)
	return sentence{group + g, inGroup(g)}
}

// ansibleSentence is patterns in any order; their meaning goes through the phases.
func ansibleSentence(r *rand.Rand) sentence {
	var all, phases [3][]func(device) bool
	var parts []string
	for range 1 + r.Intn(4) {
		phase := r.Intn(3)
		s := hostSentence(r, "")
		parts = append(parts, []string{"", "&", "!"}[phase]+s.text)
		phases[phase] = append(phases[phase], s.admits)
	}
	all = phases
	return sentence{strings.Join(parts, oneOf(r, []string{":", ",", ", "})), func(d device) bool {
		in := func(f func(device) bool) bool { return f(d) }
		united := len(all[0]) == 0 || slices.ContainsFunc(all[0], in)
		return united && !slices.ContainsFunc(all[1], func(f func(device) bool) bool { return !f(d) }) && !slices.ContainsFunc(all[2], in)
	}}
}

// nodesetSentence is operands; their meaning is folded from the left.
func nodesetSentence(r *rand.Rand) sentence {
	s := nodesetOperand(r)
	for range r.Intn(4) {
		left, right := s.admits, nodesetOperand(r)
		switch r.Intn(4) {
		case 0:
			s = sentence{s.text + "," + right.text, func(d device) bool { return left(d) || right.admits(d) }}
		case 1:
			s = sentence{s.text + "&" + right.text, func(d device) bool { return left(d) && right.admits(d) }}
		case 2:
			s = sentence{s.text + "!" + right.text, func(d device) bool { return left(d) && !right.admits(d) }}
		case 3:
			s = sentence{s.text + "^" + right.text, func(d device) bool { return left(d) != right.admits(d) }}
		}
	}
	return s
}

func nodesetOperand(r *rand.Rand) sentence {
	switch r.Intn(4) {
	case 0:
		return sentence{"web[1-2]", func(d device) bool { return d.name == "web1" || d.name == "web2" }}
	case 1:
		return sentence{"w?b*", func(d device) bool { return strings.HasPrefix(d.name, "web") }}
	}
	return hostSentence(r, "@")
}

func bexprSentence(r *rand.Rand, depth int) sentence {
	if depth > 0 && r.Intn(3) > 0 {
		a, b := bexprSentence(r, depth-1), bexprSentence(r, depth-1)
		switch r.Intn(3) {
		case 0:
			return sentence{"not (" + a.text + ")", func(d device) bool { return !a.admits(d) }}
		case 1:
			return sentence{"(" + a.text + ") and (" + b.text + ")", func(d device) bool { return a.admits(d) && b.admits(d) }}
		}
		return sentence{"(" + a.text + ") or (" + b.text + ")", func(d device) bool { return a.admits(d) || b.admits(d) }}
	}
	key, value := oneOf(r, someKeys), oneOf(r, someValues)
	quoted := strconv.Quote(value)
	field := func(text string, holds func(v string, ok bool) bool) sentence {
		return sentence{text, func(d device) bool { v, ok := d.labels[key]; return holds(v, ok) }}
	}
	switch r.Intn(7) {
	case 0:
		return field("Meta."+key+" == "+quoted, func(v string, ok bool) bool { return ok && v == value })
	case 1:
		return field("Meta."+key+" != "+quoted, func(v string, ok bool) bool { return !ok || v != value })
	case 2:
		return field(quoted+" in Meta."+key, func(v string, ok bool) bool { return ok && strings.Contains(v, value) })
	case 3:
		return field("Meta."+key+" is empty", func(v string, ok bool) bool { return !ok || v == "" })
	case 4:
		re := oneOf(r, []string{"^ly", "n$", "y.n", "^[0-9]+$", "(?i)lyon", "a|3"})
		return field("Meta."+key+" matches `"+re+"`", func(v string, ok bool) bool { return ok && regexp.MustCompile(re).MatchString(v) })
	case 5:
		return field(strconv.Quote(key)+" in Meta", func(_ string, ok bool) bool { return ok })
	}
	tag := oneOf(r, someTags)
	return sentence{strconv.Quote(tag) + " not in Tags", func(d device) bool { return !slices.Contains(strings.Split(d.facts["tags"], ","), tag) }}
}

func saltSentence(r *rand.Rand, depth int) sentence {
	if depth > 0 && r.Intn(3) > 0 {
		a, b := saltSentence(r, depth-1), saltSentence(r, depth-1)
		switch r.Intn(3) {
		case 0:
			return sentence{"not ( " + a.text + " )", func(d device) bool { return !a.admits(d) }}
		case 1:
			return sentence{"( " + a.text + " ) and ( " + b.text + " )", func(d device) bool { return a.admits(d) && b.admits(d) }}
		}
		return sentence{"( " + a.text + " ) or ( " + b.text + " )", func(d device) bool { return a.admits(d) || b.admits(d) }}
	}
	key := oneOf(r, someKeys)
	grain := func(text string, holds func(v string) bool) sentence {
		return sentence{text, func(d device) bool { v, ok := d.labels[key]; return ok && holds(strings.ToLower(v)) }}
	}
	switch r.Intn(8) {
	case 0:
		return grain("G@"+key+":Lyon", func(v string) bool { return v == "lyon" })
	case 1:
		return grain("G|@"+key+"|l*", func(v string) bool { return strings.HasPrefix(v, "l") })
	case 2:
		return grain("G@"+key+":[0-9]*", func(v string) bool { return v != "" && v[0] >= '0' && v[0] <= '9' })
	case 3:
		return grain("P@"+key+":(L|3)", func(v string) bool { return strings.HasPrefix(v, "l") || strings.HasPrefix(v, "3") })
	case 4:
		return sentence{"E@web\\d$", func(d device) bool { return d.name == "web1" || d.name == "web2" }}
	case 5:
		return sentence{"L@web1,db1", func(d device) bool { return d.name == "web1" || d.name == "db1" }}
	case 6:
		return sentence{"S@10.0.0.0/16", func(d device) bool { return strings.HasPrefix(d.facts["ip"], "10.0.") }}
	}
	g := oneOf(r, someGroups)
	return sentence{fmt.Sprintf("N@%s", g), inGroup(g)}
}
