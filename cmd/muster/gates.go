package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/internal/diag"
	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/policies"
	"github.com/musterfleet/muster/policies/rego"
)

// judging is the flags of what judges plans.
type judging struct {
	dir   string // of policies, or a bundle, or a registry's artifact
	data  []string
	key   string // to verify a bundle by
	env   string
	stops int
	log   string // of decisions
	// approvals are people who approved, as the caller says.
	approvals []string
}

// policiesFlag adds -p.
func policiesFlag(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVarP(dir, "policies", "p", "", "`DIR` of policies besides the World's own; or a bundle (.tar.gz), or oci://registry/name:tag")
	if err := cmd.MarkFlagDirname("policies"); err != nil {
		panic("muster: " + err.Error()) // the flag was added just above
	}
}

// addFlags adds -p, --env and --allow-stop.
func (j *judging) addFlags(cmd *cobra.Command) {
	policiesFlag(cmd, &j.dir)
	j.addData(cmd)
	cmd.Flags().StringVar(&j.key, "verification-key", "", "`FILE` of the public key (PEM) that the bundle must be signed by")
	cmd.Flags().StringVar(&j.env, "env", "", "judge with the levels of the Environment `NAME`")
	cmd.Flags().StringSliceVar(&j.approvals, "approved-by", nil, "`NAMES` of people who approved, as policies see them in request.vcs.approvals")
	cmd.Flags().StringVar(&j.log, "decision-log", "", "append what is decided to `FILE`, one line of JSON (default $MUSTER_DECISION_LOG)")
	cmd.Flags().IntVar(&j.stops, "allow-stop", 0, "let the plan stop an app on up to `N` devices, whatever share of them that is")
}

// addData adds -d.
func (j *judging) addData(cmd *cobra.Command) {
	cmd.Flags().StringArrayVarP(&j.data, "data", "d", nil, "`PATH` of JSON or YAML that policies in Rego read as data; may be given again")
}

// request says who asks, and who approved.
func (j judging) request(operation string) planfile.Request {
	r := request(operation)
	r.VCS.Approvals = approvals(r.VCS.Approvals, j.approvals)
	return r
}

// approvals are two lists of names as one, each name once.
func approvals(have, more []string) []string {
	out := slices.Concat(have, more)
	slices.Sort(out)
	return slices.Compact(out)
}

// rules are what plans are judged by.
type rules struct {
	gates   policies.Gates
	options policies.Options
	digest  algebra.Digest // of all of it
}

// rules compiles the World's own policies and those of a directory, which may be none, and
// readies the waivers and levels of both.
func (c *console) rules(world algebra.World, worldDir string, j judging) (rules, error) {
	var apart policySet
	if j.dir != "" {
		var err error
		if apart, err = c.loadPolicies(j, world); err != nil {
			return rules{}, err
		}
	}
	data, err := j.readData(apart.set.Data)
	if err != nil {
		return rules{}, err
	}
	gates, found := compile(world.Policies, data)
	found = under(worldDir, found)
	var waivers []algebra.Waiver
	var environments []algebra.Environment
	if j.dir != "" {
		more, wrong := compile(apart.Policies, data)
		gates, found = append(gates, more...), append(found, wrong...)
		more, wrong = compileModules(rego.Set{Modules: apart.set.Modules, Data: data})
		gates, found = append(gates, more...), append(found, wrong...)
		waivers, environments = apart.Waivers, apart.Environments
	}
	if err := found.Err(); err != nil {
		return rules{}, err
	}
	c.diagnose(found)
	c.diagnose(under(worldDir, aimless(world.Waivers, gates)))
	c.diagnose(aimless(waivers, gates))
	levels, err := levelsOf(slices.Concat(placedIn(worldDir, world).Environments, environments), j.env, gates)
	if err != nil {
		return rules{}, err
	}
	options := policies.Options{NoGates: world.NoGates, AllowStop: j.stops, Waivers: slices.Concat(world.Waivers, waivers), Levels: levels}
	return rules{gates, options, judgedBy(gates, options, apart.set.Modules, data)}, nil
}

// waves has the gates judge a batch of an approved plan again; nil where none of them does.
func (r rules) waves() executor.WaveJudge {
	if !r.gates.JudgeWaves() {
		return nil
	}
	return func(plan policies.Approved, batch int, now time.Time) []policies.Result {
		return plan.Wave(batch, r.gates, r.options, now)
	}
}

// policySet is what -p names.
type policySet struct {
	algebra.World
	set rego.Set
}

// loadPolicies reads a directory of Policy documents, of the Fleets, Waivers and Environments
// that go with them, and of Rego modules. They stand apart from the World, so that they can
// judge any.
// A bundle or a registry's artifact has modules only, and their data.
func (c *console) loadPolicies(j judging, world algebra.World) (policySet, error) {
	dir := j.dir
	if j.isDirectory() {
		if err := directory(dir); err != nil {
			return policySet{}, err
		}
	}
	set, err := j.set()
	if err != nil || !j.isDirectory() {
		return policySet{set: set}, err
	}
	var apart algebra.World
	if len(set.Modules) == 0 || hasDocuments(dir) {
		if apart, err = c.loadWorld(dir); err != nil {
			return policySet{}, err
		}
	}
	var wrong diag.List
	if others := len(apart.Devices) + len(apart.Deployments) + len(apart.Assignments); others > 0 {
		wrong = append(wrong, diag.Diagnostic{Severity: diag.Error, File: dir,
			Message: counted(others, "document that is no policy", "documents that are no policies"),
			Hint:    "-p names a directory of Policy, Waiver and Environment documents, and of Fleets they use"})
	}
	own := map[string]algebra.Source{}
	for kind, list := range declaredNames(world) {
		for name, at := range list {
			own[kind+" "+name] = at
		}
	}
	for kind, list := range declaredNames(apart) {
		for name, at := range list {
			if first, ok := own[kind+" "+name]; ok {
				wrong = append(wrong, diag.Diagnostic{Severity: diag.Error, File: filepath.Join(dir, at.File), Line: at.Line,
					Message: fmt.Sprintf("%s %s is declared by the World too, at %s", kind, name, first), Hint: "give one of them another name"})
			}
		}
	}
	return policySet{placedIn(dir, apart), set}, wrong.Sorted().Err()
}

// declaredNames are the names of what a World and a directory of policies may both declare.
func declaredNames(w algebra.World) map[string]map[string]algebra.Source {
	out := map[string]map[string]algebra.Source{"policy": {}, "waiver": {}, "environment": {}}
	for _, p := range w.Policies {
		out["policy"][p.Name] = p.Source
	}
	for _, v := range w.Waivers {
		out["waiver"][v.Name] = v.Source
	}
	for _, e := range w.Environments {
		out["environment"][e.Name] = e.Source
	}
	return out
}

// placedIn is the World in a directory with the places of what judges as the caller would open them.
func placedIn(dir string, w algebra.World) algebra.World {
	w.Policies, w.Waivers, w.Environments = slices.Clone(w.Policies), slices.Clone(w.Waivers), slices.Clone(w.Environments)
	for i := range w.Environments {
		w.Environments[i].Source.File = filepath.Join(dir, w.Environments[i].Source.File)
	}
	for i := range w.Policies {
		w.Policies[i].Source.File = filepath.Join(dir, w.Policies[i].Source.File)
	}
	for i := range w.Waivers {
		w.Waivers[i].Source.File = filepath.Join(dir, w.Waivers[i].Source.File)
	}
	return w
}

// aimless warns of waivers whose rule is none of the gates'. It does no harm: the rule may
// belong to policies that judge elsewhere.
func aimless(waivers []algebra.Waiver, gates policies.Gates) diag.List {
	known := ruleNames(gates)
	var out diag.List
	for _, w := range waivers {
		if !slices.Contains(known, w.Rule) {
			out = append(out, diag.Diagnostic{Severity: diag.Warning, File: w.Source.File, Line: w.Source.Line,
				Message: fmt.Sprintf("waiver %s is for rule %s, which no policy here has", w.Name, w.Rule),
				Hint:    suggest(w.Rule, known, "")})
		}
	}
	return out
}

func ruleNames(gates policies.Gates) []string {
	var known []string
	for _, r := range gates.Rules() {
		known = append(known, r.ID)
	}
	return slices.Compact(known)
}

// levelsOf are the levels of an environment. A rule it names must be there: a misspelt one
// would leave the real one at its weaker level.
func levelsOf(list []algebra.Environment, name string, gates policies.Gates) (map[string]policies.Level, error) {
	if name == "" {
		return nil, nil
	}
	var names []string
	for _, e := range list {
		names = append(names, e.Name)
		if e.Name != name {
			continue
		}
		known, levels := ruleNames(gates), map[string]policies.Level{}
		var wrong diag.List
		for rule, word := range e.Levels {
			if !slices.Contains(known, rule) {
				wrong = append(wrong, diag.Diagnostic{Severity: diag.Error, File: e.Source.File, Line: e.Source.Line,
					Message: fmt.Sprintf("environment %s has a level for rule %s, which no policy here has", name, rule), Hint: suggest(rule, known, "")})
			}
			level, err := policies.ParseLevel(word)
			if err != nil {
				return nil, err
			}
			levels[rule] = level
		}
		return levels, wrong.Sorted().Err()
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("--env %s: there is no Environment document", name)
	}
	return nil, fmt.Errorf("--env %s: no such environment; %s", name, suggest(name, names, "known: "+strings.Join(names, ", ")))
}
