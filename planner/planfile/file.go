package planfile

import "time"

// FormatVersion changes its minor part when keys are added, its major part when the sense
// of one changes; readers ignore unknown keys and refuse an unknown major.
const FormatVersion = "1.4"

// Kind is the kind of a plan file.
const Kind = "FleetPlan"

// Words of the file that stand for what the planner has no name for.
const (
	decommissioned = "update_because_decommissioned"
	unknownPhase   = "Unknown" // of a slot whose device has said nothing of it
	atRest         = "no_op_because_as_declared"
)

// File is the plan file. Field order is the order of keys.
type File struct {
	APIVersion    string   `json:"apiVersion"`
	Kind          string   `json:"kind"`
	FormatVersion string   `json:"format_version"`
	Metadata      Metadata `json:"metadata"`
	// Now is when policies are asked about the plan: the only clock they have.
	Now time.Time `json:"now"`
	// Applyable says there is something to do, Complete that nothing was left out on request.
	Applyable       bool       `json:"applyable"`
	Complete        bool       `json:"complete"`
	Errored         bool       `json:"errored"`
	Request         Request    `json:"request"`
	Base            Base       `json:"base"`
	Summary         Summary    `json:"summary"`
	ResourceChanges []Change   `json:"resource_changes"`
	ResourceDrift   []Drift    `json:"resource_drift"`
	Blocked         []Blocked  `json:"blocked"`
	InFlight        []InFlight `json:"in_flight"`
	Rollouts        []Rollout  `json:"rollouts"`
	Batches         []Batch    `json:"batches"`
	Emptied         []Emptied  `json:"emptied"`
	Aggregates      Aggregates `json:"aggregates"`
	Images          []Image    `json:"images"`
	// Risk is what people weigh, told by the rest of the file: it needs no cover.
	Risk Risk `json:"risk"`
	// PolicyResults is what the gates said when the plan was made. Apply asks them anew.
	PolicyResults []PolicyResult `json:"policy_results"`
	// Approvals are who gave their word for the plan. What counts of them, policies.Approvers says.
	Approvals []Approval `json:"approvals"`
	Signature string     `json:"signature"`
}

// PolicyResult is one objection to the plan; its keys are those of policies.Result.
type PolicyResult struct {
	Rule     string `json:"rule"`
	Level    string `json:"level"`
	Msg      string `json:"msg"`
	ChangeID string `json:"change_id"`
	Address  string `json:"address"`
	Loc      Source `json:"_loc"`
	Policy   Source `json:"policy"`
	Inverse  bool   `json:"inverse"`
	Failed   bool   `json:"failed"`
	Waiver   string `json:"waiver"`
}

// Metadata names the plan by the digest of what it does.
type Metadata struct {
	Name string `json:"name"`
	// Digest is File.Digest as of when the file was written; Decode holds the content against it.
	Digest      string            `json:"digest"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

// Request is who asked for the plan.
type Request struct {
	User      string   `json:"user"`
	Groups    []string `json:"groups"`
	DryRun    bool     `json:"dry_run"`
	Operation string   `json:"operation"`
	VCS       VCS      `json:"vcs"`
}

// VCS is the change under review, as the CI system tells it. Trusted is true only where all
// approvals are signed ones of the plan: whoever runs muster can set these variables.
type VCS struct {
	Repo      string   `json:"repo"`
	PR        int      `json:"pr"`
	SHA       string   `json:"sha"`
	Approvals []string `json:"approvals"`
	Trusted   bool     `json:"trusted"`
}

// Base binds the plan to what it was made from.
type Base struct {
	WorldDigest string `json:"world_digest"`
	// RealityDigest covers Devices, RealityRevision is the greatest revision there. Worlds have
	// no revision but their digest, and a plan of any age is judged by its devices:
	// WorldRevision and MaxStaleness are 0.
	WorldRevision   uint64       `json:"world_revision"`
	RealityDigest   string       `json:"reality_digest"`
	RealityRevision uint64       `json:"reality_revision"`
	ObservedAt      time.Time    `json:"observed_at"`
	MaxStaleness    int          `json:"max_staleness_s"`
	Devices         []DeviceBase `json:"devices"`
}

// DeviceBase is the standing of a touched device; the plan is stale for it when one moved.
type DeviceBase struct {
	ID       string `json:"id"`
	Registry uint64 `json:"registry_revision"`
	Desired  uint64 `json:"desired_revision"`
	// Read is the digest of the facts and observed values that rules read; empty if they read none.
	Read string `json:"values_digest"`
}

// Summary counts changes by verb.
type Summary struct {
	Create  int `json:"create"`
	Update  int `json:"update"`
	Delete  int `json:"delete"`
	Replace int `json:"replace"`
	NoOp    int `json:"no_op"`
	Blocked int `json:"blocked"`
}

// Drift is a slot that reports other than what was published; none causes an action by itself.
// Published and Running are versions; Published is empty where nothing should run.
type Drift struct {
	Address   string `json:"address"`
	Published string `json:"published"`
	Running   string `json:"running"`
	Phase     string `json:"phase"`
	Detail    string `json:"detail"`
}

// Blocked is a slot the plan leaves alone.
type Blocked struct {
	Address string   `json:"address"`
	Reason  string   `json:"reason"`
	Detail  string   `json:"detail"`
	Sources []Source `json:"sources"`
}

// InFlight is a slot published as wanted that does not run so yet.
type InFlight struct {
	Address string `json:"address"`
	Version string `json:"version"`
	Phase   string `json:"phase"`
	Detail  string `json:"detail"`
}

// Batch is the changes that go out together: those of one wave of a rollout. Of one rollout
// they go out one after the other, of several side by side.
type Batch struct {
	Index     int      `json:"index"`
	Rollout   string   `json:"rollout"`
	Wave      int      `json:"wave"`
	Changes   []string `json:"changes"`
	Disrupted int      `json:"disrupted"`
}

// Aggregates count devices: the whole fleet, each value of each label, each app.
type Aggregates struct {
	Fleet        Group                       `json:"fleet"`
	ByLabel      map[string]map[string]Group `json:"by_label"`
	ByDeployment map[string]Group            `json:"by_deployment"`
}

// Group counts the devices of a group. Disrupted devices have a slot stopped or replaced;
// DownBefore are not known to be well; MaxConcurrent is the most that one batch disrupts;
// MaxDown bounds those down at one time, each counted once.
type Group struct {
	Devices       int `json:"devices"`
	Reachable     int `json:"reachable"`
	DownBefore    int `json:"down_before"`
	Disrupted     int `json:"disrupted"`
	Stopped       int `json:"stopped"`
	MaxConcurrent int `json:"max_concurrent"`
	MaxDown       int `json:"max_down"`
}
