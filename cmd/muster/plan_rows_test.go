package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// planRow is one of the things people compare planning tools by, what muster does there, and
// where that is held: lines "FILE: TEXT", FILE below the repository and TEXT in it. A script
// that no longer says it, or a test that is gone, fails here.
type planRow struct {
	row, does string
	held      []string
}

const (
	scripts = "cmd/muster/testdata/script/"
	goldens = "planner/testdata/"
)

var planRows = []planRow{
	{"human diff", "one line an action with its reason, by wave, counts last", []string{
		scripts + "show_saved.txtar: ~ gw-2/web  1.0.0 → 2.0.0  assigned by web (web.yaml:15) to all",
		goldens + "start_folds.txtar: devices, assigned by",
		"planner/page_limit_test.go: func TestTextOfManyActionsIsShort("}},
	{"JSON, versioned", "format_version and a published schema; a minor adds keys, a major is refused", []string{
		scripts + `show_saved.txtar: stdout '"title": "FleetPlan 1.4"'`,
		"planner/planfile/schema_test.go: func TestSchemaIsTheCommittedOne(",
		"planner/planfile/laws_test.go: func TestNewerMinorIsRead("}},
	{"stream of events", "apply -o ndjson, the version first", []string{
		scripts + `rollout_story.txtar: "event":"version","format_version":"1.0"`,
		scripts + `rollout_story.txtar: ! stdout '^[^{]'`}},
	{"exit codes", "0 or 1; 2 to 5 on request, of what is in the plan alone", []string{
		scripts + "plan_exit_codes.txtar: exits 2 muster plan",
		scripts + "plan_denied.txtar: exits 3 muster plan",
		scripts + "apply_saved.txtar: exits 4 muster apply",
		scripts + "plan_exit_codes.txtar: exits 5 muster plan",
		"cmd/muster/plan_outcome_test.go: func TestExitCodeFollowsThePlan("}},
	{"saved plan", "one JSON file of canonical bytes", []string{
		scripts + "show_saved.txtar: --out plan.json",
		"planner/planfile/laws_test.go: func TestPlanComesBackFromItsFile("}},
	{"staleness", "held against the revisions of World and touched devices; applied once", []string{
		scripts + "apply_saved.txtar: stale: the World was changed since the plan was made",
		scripts + "apply_saved.txtar: moved since the plan was made",
		scripts + "apply_saved.txtar: stale: the plan is applied already"}},
	{"integrity", "a digest, approvals signed over it, no secret in it", []string{
		scripts + "show_saved.txtar: the plan was changed after it was written",
		scripts + "show_saved.txtar: ! stdout 'hunter2'",
		scripts + "approve_plan.txtar: Approved by ana at",
		"planner/planfile/laws_test.go: func TestChangedFileIsRefused("}},
	{"drift", "apart from change; a verb that cannot write", []string{
		goldens + "drift_is_apart.txtar: Drift, on slots that change",
		scripts + "drift_reads.txtar: exec muster drift"}},
	{"targeted plan", "--only and --except; the plan says it is incomplete", []string{
		scripts + `plan_part.txtar: stdout '"complete": false'`,
		scripts + "plan_part.txtar: --except '@canary | {gw-3}'"}},
	{"reason of each action", "a closed word, the fields, and the declaration with the term that matched", []string{
		goldens + `replace_version.txtar: "action_reason": "replace_because_version_changed"`,
		goldens + `replace_version.txtar: "replace_paths": [`,
		goldens + `replace_version.txtar: "term": `,
		goldens + `replace_version.txtar: "line": `}},
	{"order by dependency", "requires and batch in the plan, held to the law by another walk", []string{
		goldens + `order_on_device.txtar: "requires": [`,
		"planner/order_test.go: func TestChangesComeAfterWhatTheyRequire("}},
	{"cost and risk", "disruption, most down at a time, what is pulled, whether it rolls back", []string{
		scripts + "plan_risk.txtar: disruption  4 of 6 devices",
		scripts + "plan_risk.txtar: at a time   at most",
		scripts + "plan_risk.txtar: 150.0 MiB in all besides those of unknown size",
		scripts + "plan_risk.txtar: rollback    not possible for 1 of 5 changes",
		"planner/planfile/risk_laws_test.go: func TestRiskNamesTheWorst("}},
	{"locking", "a lease with a fence that ends by itself; nothing to unlock", []string{
		"executor/laws_test.go: func TestKilledAnywhereARunConverges(",
		"executor/apply_test.go: func TestAnInterruptedApplyLeavesTheRunToOthers("}},
	{"progress", "waves line by line, or a table; attach from any machine", []string{
		scripts + "rollout_story.txtar: stderr '^web: wave 10% begins, 2 devices$'",
		scripts + "rollout_story.txtar: muster apply --attach $(cat run)",
		"cmd/muster/progress_linux_test.go: func TestWaveTableRedraws("}},
	{"resume", "a plan made anew is the exact rest", []string{
		"planner/laws_test.go: func TestDiffArrivesInAnyOrder(",
		"cmd/muster/apply_laws_test.go: func TestApplyKilledNineConverges("}},
	{"cancel", "no more is published; what is under way ends and is told", []string{
		"executor/apply_test.go: func TestACancelledRunLetsDevicesFinish(",
		scripts + "rollout_rollback.txtar: muster rollout cancel"}},
	{"parallelism", "a budget by group, in the plan and not in a flag", []string{
		goldens + `rollout_declared.txtar: at most 50% down of each label("site")`,
		"executor/rollout/laws_test.go: func TestNoBudgetIsEverExceeded("}},
	{"replace or update", "delete and create, in that order, and disruptive as a flag", []string{
		goldens + "replace_version.txtar: \"actions\": [\n          \"delete\",\n          \"create\"",
		goldens + `replace_version.txtar: "disruptive": true`}},
	{"unknown values", "the digest behind a tag, and no other", []string{
		goldens + "replace_version.txtar: \"after_unknown\": {\n          \"image_digest\": true"}},
	{"no-ops", "counted, listed on request, in no file unasked", []string{
		scripts + "plan_part.txtar: --show-no-op",
		scripts + `plan_part.txtar: ! stdout '"no-op"'`}},
	{"Markdown", "a comment with a marker that keeps to its size", []string{
		scripts + "show_saved.txtar: -o markdown --max-bytes 300",
		"planner/planfile/markdown_test.go: func TestMarkdownKeepsToItsLimit("}},
	{"policy results inline", "under the action they hit, and in the file", []string{
		scripts + "plan_denied.txtar: \n      deny ",
		scripts + "plan_risk.txtar: info keep: its rollback is denied"}},
	{"what-if", "suppositions and other Worlds, without a fleet", []string{
		scripts + "whatif_suppositions.txtar: muster what-if",
		scripts + "plan_against.txtar: --against"}},
}

// TestPlanRowsAreHeld: each row names what holds it, and that is there.
func TestPlanRowsAreHeld(t *testing.T) {
	for _, r := range planRows {
		for _, lack := range lacking(r) {
			t.Errorf("%s (%s): %s", r.row, r.does, lack)
		}
	}
}

func TestPlanRowsSeeWhatIsGone(t *testing.T) {
	for _, r := range []planRow{
		{"none", "", nil},
		{"no file", "", []string{scripts + "gone.txtar: muster"}},
		{"no text", "", []string{scripts + "plan_first.txtar: muster forget"}},
	} {
		if len(lacking(r)) == 0 {
			t.Errorf("%s passes", r.row)
		}
	}
}

// lacking says what of a row is not held.
func lacking(r planRow) []string {
	if len(r.held) == 0 {
		return []string{"no test holds it"}
	}
	var out []string
	for _, h := range r.held {
		name, text, _ := strings.Cut(h, ": ")
		b, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			out = append(out, err.Error())
		} else if !strings.Contains(string(b), text) {
			out = append(out, name+" does not say "+text)
		}
	}
	return out
}
