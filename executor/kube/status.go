package kube

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// moment is a time as status has it, RFC 3339 with seconds.
type moment string

// Conditions in Kubernetes' convention. Accepted: the document is part of a World that loads.
// Ready: what it asks for is so.
const (
	Accepted = "Accepted"
	Ready    = "Ready"
)

// DeviceStatus is what the registry knows of a device, and what the device says.
type DeviceStatus struct {
	Lifecycle  string             `json:"lifecycle,omitempty" doc:"requested, enrolled, revoked or decommissioned."`
	Heard      moment             `json:"heard,omitempty" doc:"When anything was last heard of it."`
	Labels     map[string]string  `json:"labels,omitempty" doc:"The labels in force."`
	Facts      map[string]string  `json:"facts,omitempty" doc:"What the device reports of itself."`
	Apps       []AppStatus        `json:"apps,omitempty" key:"app" doc:"What is to run and what runs, by app."`
	Conditions []metav1.Condition `json:"conditions,omitempty" key:"type" doc:"Accepted: it is part of a World that loads. Ready: what it asks for is so."`
}

// AppStatus is one slot of a device.
type AppStatus struct {
	App       string `json:"app" doc:"The app."`
	Published string `json:"published,omitempty" doc:"The version that is to run."`
	Running   string `json:"running,omitempty" doc:"The version that the device reports."`
	Phase     string `json:"phase,omitempty" doc:"Such as Pulling, Running or Failed."`
	Detail    string `json:"detail,omitempty" doc:"Why, in words."`
	Restarts  int64  `json:"restarts,omitempty" doc:"How often it was started again."`
}

// FleetStatus says who is in a fleet.
type FleetStatus struct {
	Devices    int64              `json:"devices" doc:"How many devices are in it."`
	Names      string             `json:"names,omitempty" doc:"The devices, folded; cut where there are many."`
	Conditions []metav1.Condition `json:"conditions,omitempty" key:"type" doc:"Accepted: it is part of a World that loads. Ready: what it asks for is so."`
}

// AppliedStatus counts the devices that a deployment, an assignment or a rollout is about.
type AppliedStatus struct {
	Matched    int64              `json:"matched" doc:"Devices that are to run it."`
	Running    int64              `json:"running" doc:"Of these, those that do."`
	Pending    int64              `json:"pending" doc:"Of these, those that will, or have not been heard."`
	Failed     int64              `json:"failed" doc:"Of these, those on which it failed."`
	Conflicted int64              `json:"conflicted" doc:"Devices left as they are, as two claims contradict."`
	LastError  string             `json:"lastError,omitempty" doc:"Why it failed, on one of them."`
	Conditions []metav1.Condition `json:"conditions,omitempty" key:"type" doc:"Accepted: it is part of a World that loads. Ready: what it asks for is so."`
}

// ReadStatus is that of documents that only are read or not.
type ReadStatus struct {
	Conditions []metav1.Condition `json:"conditions,omitempty" key:"type" doc:"Accepted: it is part of a World that loads. Ready: what it asks for is so."`
}
