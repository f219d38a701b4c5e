package kube

// The specs of the documents, as algebra/worldfile reads them. A schema is made of each: json is
// the field's name, and omitempty makes it optional; doc is what kubectl explain says; enum,
// min, max and pattern bound it; rules are in CEL, by the types' Rules.

// DeviceSpec declares a device and all its labels.
type DeviceSpec struct {
	Labels         map[string]string `json:"labels" doc:"All labels of the device. {} takes every label away."`
	Decommissioned bool              `json:"decommissioned,omitempty" doc:"The device is to run nothing any more."`
}

// FleetSpec names a fleet or a selector.
type FleetSpec struct {
	Expression string `json:"expression" doc:"A fleet or a selector, such as label(\"env\") = \"prod\" - @canary."`
	Dynamic    bool   `json:"dynamic,omitempty" doc:"The fleet may depend on what devices report and on the clock."`
	Frozen     string `json:"frozen,omitempty" doc:"The devices that a take came to, such as edge[001-003],gw7."`
}

// DeploymentSpec is what an app runs, in one version.
type DeploymentSpec struct {
	App      string   `json:"app" doc:"The app, of which a device runs one version at most."`
	Version  string   `json:"version" doc:"The version; app@version names the deployment."`
	Requires []string `json:"requires,omitempty" doc:"Apps that start before this one and stop after it."`
	Podman   *Podman  `json:"podman,omitempty" doc:"A workload of containers."`
	Files    *Files   `json:"files,omitempty" doc:"A workload of files."`
	Systemd  *Systemd `json:"systemd,omitempty" doc:"A workload of systemd units."`
}

// Rules of the API server for DeploymentSpec.
func (DeploymentSpec) Rules() []Rule {
	return []Rule{{"(has(self.podman) ? 1 : 0) + (has(self.files) ? 1 : 0) + (has(self.systemd) ? 1 : 0) == 1", "give one of podman, files and systemd"}}
}

// Podman is a workload of containers.
type Podman struct {
	Containers []Container `json:"containers" min:"1" key:"name" doc:"The containers, started in this order."`
}

// Container is one of them.
type Container struct {
	Name        string         `json:"name" doc:"Its name on the device, unique there."`
	Image       string         `json:"image" doc:"The image, best with its digest."`
	Pull        string         `json:"pull,omitempty" enum:"missing,always,never" doc:"When to fetch the image."`
	Command     []string       `json:"command,omitempty" doc:"What to run instead of the image's own command."`
	Env         map[string]any `json:"env,omitempty" values:"texts" doc:"NAME: text, NAME: {fromLabel: key} or NAME: {fromFact: key}."`
	Network     string         `json:"network,omitempty" enum:"host,none" doc:"host: the device's own; none: no network."`
	Ports       []Port         `json:"ports,omitempty" doc:"Ports of the device that lead into it."`
	Mounts      []Mount        `json:"mounts,omitempty" doc:"Paths of the device that it sees."`
	Restart     string         `json:"restart,omitempty" enum:"always,on-failure,never" doc:"Whether it is started again when it ends."`
	StopTimeout string         `json:"stopTimeout,omitempty" doc:"How long it may take to end, such as 10s."`
	Health      *Health        `json:"health,omitempty" doc:"How it is found out whether it is well."`
	Resources   *Resources     `json:"resources,omitempty" doc:"What it may use."`
	Privileged  bool           `json:"privileged,omitempty" doc:"It may do on the device what root may."`
	Secrets     []SecretUse    `json:"secrets,omitempty" doc:"What the container is shown of the device's secrets."`
}

// SecretUse shows a secret of the device as a variable or as a file.
type SecretUse struct {
	Name string `json:"name" doc:"The secret, as muster secret set names it."`
	Env  string `json:"env,omitempty" doc:"The variable that has its text."`
	Path string `json:"path,omitempty" pattern:"^/" doc:"The file that has its text."`
}

// Rules of the API server for SecretUse.
func (SecretUse) Rules() []Rule {
	return []Rule{{"has(self.env) != has(self.path)", "give one of env and path"}}
}

// Port is a port of the host that leads into a container.
type Port struct {
	Host      int64  `json:"host" min:"1" max:"65535" doc:"The port on the device."`
	Container int64  `json:"container,omitempty" min:"1" max:"65535" doc:"The same as host where it is left out."`
	Protocol  string `json:"protocol,omitempty" enum:"tcp,udp" doc:"tcp where it is left out."`
}

// Mount is a path of the host in a container.
type Mount struct {
	Host      string `json:"host" pattern:"^/" doc:"The path on the device."`
	Container string `json:"container" pattern:"^/" doc:"The path in the container."`
	ReadOnly  bool   `json:"readOnly,omitempty" doc:"The container cannot write there."`
}

// Health is a command that succeeds while the container is well.
type Health struct {
	Exec     []string `json:"exec" min:"1" doc:"The command, which runs in the container and ends with 0 while all is well."`
	Every    string   `json:"every,omitempty" doc:"The time between two checks, such as 30s."`
	Failures int64    `json:"failures,omitempty" min:"1" max:"1000" doc:"How many failures in a row count."`
}

// Resources are what a container may use.
type Resources struct {
	Memory string `json:"memory" doc:"Such as 256Mi."`
}

// Files is a workload of files, which change all at once.
type Files struct {
	Files  []File         `json:"files" min:"1" key:"path" doc:"The files."`
	Values map[string]any `json:"values,omitempty" values:"texts" doc:"What contents take from the device, as env."`
}

// File is one of them.
type File struct {
	Path    string `json:"path" pattern:"^/" doc:"Where it is on the device."`
	Mode    string `json:"mode,omitempty" doc:"Such as 0644."`
	Owner   string `json:"owner,omitempty" doc:"user or user:group."`
	Content string `json:"content,omitempty" doc:"Its text."`
	Fetch   *Fetch `json:"fetch,omitempty" doc:"Where its content is fetched from."`
}

// Rules of the API server for File.
func (File) Rules() []Rule {
	return []Rule{{"has(self.content) != has(self.fetch)", "give one of content and fetch"}}
}

// Fetch is where a file's content comes from.
type Fetch struct {
	URL    string `json:"url" doc:"Where it is."`
	Digest string `json:"digest" doc:"sha256: and 64 digits; another content is refused."`
}

// Systemd is a workload of units.
type Systemd struct {
	Units  []Unit         `json:"units" min:"1" key:"name" doc:"The units."`
	Values map[string]any `json:"values,omitempty" values:"texts" doc:"What texts take from the device, as env."`
}

// Unit is one of them.
type Unit struct {
	Name    string `json:"name" doc:"Such as backup.timer."`
	Text    string `json:"text" doc:"What the unit's file says."`
	Enabled bool   `json:"enabled,omitempty" doc:"It is started at boot, too."`
	Passive bool   `json:"passive,omitempty" doc:"It is not started itself."`
}

// AssignmentSpec places deployments on a fleet.
type AssignmentSpec struct {
	Fleet      string   `json:"fleet,omitempty" doc:"The fleet or selector that deploy goes to."`
	Deploy     []string `json:"deploy,omitempty" min:"1" doc:"What is deployed: app@version."`
	Priority   int64    `json:"priority,omitempty" doc:"The greater one wins where two claim the same app of a device."`
	Expression string   `json:"expression,omitempty" doc:"An assignment written out, in place of fleet and deploy."`
	Abstract   bool     `json:"abstract,omitempty" doc:"A name for use in other assignments; it places nothing itself."`
	Dynamic    bool     `json:"dynamic,omitempty" doc:"It may depend on what devices report and on the clock."`
}

// Rules of the API server for AssignmentSpec.
func (AssignmentSpec) Rules() []Rule {
	return []Rule{
		{"has(self.fleet) != has(self.expression)", "give one of fleet and expression"},
		{"has(self.fleet) == has(self.deploy)", "fleet and deploy go together"},
		{"has(self.fleet) || !has(self.priority)", "priority belongs to fleet; in an expression write F -> {web@2.1.0} at 10"},
	}
}

// RolloutSpec is how changes of an app or on a fleet go out.
type RolloutSpec struct {
	For              string   `json:"for" doc:"An app, or a fleet."`
	Waves            []Wave   `json:"waves,omitempty" min:"1" doc:"The parts, one after the other."`
	Budget           *Budget  `json:"budget,omitempty" doc:"How many devices may be down at once."`
	Gate             *Gate    `json:"gate,omitempty" doc:"What a wave must show before the next begins."`
	ProgressDeadline string   `json:"progressDeadline,omitempty" doc:"How long a device may take, such as 10m."`
	Windows          []Window `json:"windows,omitempty" min:"1" doc:"When changes may be made, in each device's own time zone."`
	MaxPerMinute     int64    `json:"maxPerMinute,omitempty" min:"1" doc:"How many devices change in a minute at most."`
	OnFailure        string   `json:"onFailure,omitempty" enum:"pause,rollback" doc:"What becomes of a run that fails."`
}

// Wave is one part of a rollout.
type Wave struct {
	Fleet   string      `json:"fleet,omitempty" doc:"Those of this fleet that are in the target."`
	Percent IntOrString `json:"percent,omitempty" doc:"Of the whole target, counting what came before."`
	Rest    bool        `json:"rest,omitempty" doc:"All that are left."`
}

// Rules of the API server for Wave.
func (Wave) Rules() []Rule {
	return []Rule{{"(has(self.fleet) ? 1 : 0) + (has(self.percent) ? 1 : 0) + (has(self.rest) ? 1 : 0) == 1", "give one of fleet, percent and rest"}}
}

// Budget bounds how many devices may be down at once.
type Budget struct {
	MaxUnavailable IntOrString `json:"maxUnavailable" doc:"A count, or a share such as 10%."`
	By             string      `json:"by,omitempty" doc:"A key such as label(\"site\"): the budget is of each group."`
}

// Gate is what a wave must show before the next begins.
type Gate struct {
	Healthy IntOrString `json:"healthy,omitempty" doc:"The share that must be healthy, such as 95%."`
	Minimum int64       `json:"minimum,omitempty" min:"1" doc:"How many devices must have been seen."`
	Soak    string      `json:"soak,omitempty" doc:"How long it must hold, such as 10m."`
}

// Window is a time in which changes may be made.
type Window struct {
	Cron string `json:"cron" doc:"When it opens: minute, hour, day of month, month, day of week."`
	For  string `json:"for" doc:"How long it is open, such as 6h."`
}

// PolicySpec is a rule that plans must keep, or a theorem of the World.
type PolicySpec struct {
	Scope             string            `json:"scope,omitempty" enum:"action,batch,plan,aggregate" doc:"What one judgement is about: an action, a batch, the plan, or its sums."`
	Level             string            `json:"level,omitempty" enum:"deny,warn,info" doc:"What a violation does: deny, warn or info."`
	Match             string            `json:"match,omitempty" doc:"The devices it is about: a fleet or a selector."`
	Message           string            `json:"message,omitempty" doc:"What is said of a violation."`
	Params            map[string]any    `json:"params,omitempty" doc:"Values that the rules read as params."`
	CEL               string            `json:"cel,omitempty" doc:"What must hold, in CEL."`
	Rego              string            `json:"rego,omitempty" doc:"A module in Rego v1 with deny_, warn_ and info_ rules."`
	Never             string            `json:"never,omitempty" doc:"What no device may ever be; it is proved of all possible devices."`
	MatchConditions   []NamedExpression `json:"matchConditions,omitempty" doc:"What is judged at all: all of these hold."`
	Variables         []NamedExpression `json:"variables,omitempty" doc:"Names for expressions, in their order."`
	Validations       []Validation      `json:"validations,omitempty" min:"1" doc:"What must hold."`
	MessageExpression string            `json:"messageExpression,omitempty" doc:"A message in CEL, in place of message."`
}

// Rules of the API server for PolicySpec.
func (PolicySpec) Rules() []Rule {
	return []Rule{{"(has(self.cel) ? 1 : 0) + (has(self.rego) ? 1 : 0) + (has(self.never) ? 1 : 0) + (has(self.validations) ? 1 : 0) == 1",
		"give one of cel, rego, validations and never"}}
}

// NamedExpression is an expression in CEL and its name.
type NamedExpression struct {
	Name       string `json:"name" doc:"Its name."`
	Expression string `json:"expression" doc:"An expression in CEL."`
}

// Validation is one rule of several.
type Validation struct {
	ID                string `json:"id,omitempty" doc:"Which rule it is, for waivers and reports."`
	Expression        string `json:"expression" doc:"What must hold, in CEL."`
	Level             string `json:"level,omitempty" enum:"deny,warn,info" doc:"In place of the policy's level."`
	Message           string `json:"message,omitempty" doc:"In place of the policy's message."`
	MessageExpression string `json:"messageExpression,omitempty" doc:"A message in CEL."`
}

// WaiverSpec excuses violations of a rule, for a while.
type WaiverSpec struct {
	Rule     string `json:"rule" doc:"The rule that is waived."`
	Selector string `json:"selector,omitempty" doc:"The devices it is waived for; none: the plan as a whole."`
	Owner    string `json:"owner" doc:"Who answers for it."`
	Reason   string `json:"reason" doc:"Why it is waived."`
	Expires  string `json:"expires" doc:"A day, or a time with its zone."`
}

// EnvironmentSpec gives rules other levels.
type EnvironmentSpec struct {
	Levels map[string]string `json:"levels" enum:"deny,warn,info" doc:"By rule: deny, warn or info."`
}

// WorldSpec are the options of a World.
type WorldSpec struct {
	Gates      string            `json:"gates,omitempty" enum:"none" doc:"none: plans of this World need no policy."`
	Strict     bool              `json:"strict,omitempty" doc:"What may conflict on some device is an error."`
	ImageSizes map[string]string `json:"imageSizes,omitempty" doc:"What a device pulls for an image, such as 64MiB, by its reference: plans foretell with it."`
}
