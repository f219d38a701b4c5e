package wire

import (
	"fmt"
	"strings"

	"github.com/musterfleet/muster/algebra"
)

// Token writes a device id as one token of a subject or key: d1.site.org is d1=site=org.
// Without it, who listens for d1.> would hear d1.site.org. It is injective, as no id has
// an equals sign.
func Token(d algebra.DeviceID) string { return strings.ReplaceAll(d.String(), ".", "=") }

// ParseToken is the inverse of Token. It refuses a text that Token never writes.
func ParseToken(token string) (algebra.DeviceID, error) {
	if strings.Contains(token, ".") {
		return algebra.DeviceID{}, fmt.Errorf("token %q: has a dot; a device id is written with = for each dot", token)
	}
	d, err := algebra.ParseDeviceID(strings.ReplaceAll(token, "=", "."))
	if err != nil {
		return algebra.DeviceID{}, fmt.Errorf("token %q: %w", token, err)
	}
	return d, nil
}

// The subjects that reach across accounts, and the hub's queue group.
const (
	AllReports  = "report.>"
	AllRequests = "hub.get.*"
	AllDesired  = "desired.>"
	AllRenewals = "hub.renew.*"
	AllHub      = "hub.>"
	AllQueries  = "ask.>"
	HubGroup    = "hub"
)

// DesiredSubject is where a device hears each new desired state of its own.
func DesiredSubject(d algebra.DeviceID) string { return "desired." + Token(d) }

// RequestSubject is where a device asks the hub.
func RequestSubject(d algebra.DeviceID) string { return "hub.get." + Token(d) }

// QuerySubject is where a device is asked. It may answer whom it hears there, and once.
func QuerySubject(d algebra.DeviceID) string { return "ask." + Token(d) }

// RenewSubject is where a device asks to be known by another key.
func RenewSubject(d algebra.DeviceID) string { return "hub.renew." + Token(d) }

// InboxPrefix is where a device receives answers.
func InboxPrefix(d algebra.DeviceID) string { return "_INBOX_" + Token(d) }

// DeviceMayPublish lists the subjects a device may publish on. Identity rests on this list.
func DeviceMayPublish(d algebra.DeviceID) []string {
	return []string{"report." + Token(d) + ".>", RequestSubject(d), RenewSubject(d)}
}

// DeviceMaySubscribe lists the subjects a device may listen to.
func DeviceMaySubscribe(d algebra.DeviceID) []string {
	return []string{DesiredSubject(d), QuerySubject(d), InboxPrefix(d) + ".>"}
}

// ParseRequestSubject reads which device a request came from.
func ParseRequestSubject(subject string) (algebra.DeviceID, error) {
	token, ok := strings.CutPrefix(subject, "hub.get.")
	if !ok {
		return algebra.DeviceID{}, fmt.Errorf("subject %q: want hub.get.<device>", subject)
	}
	return ParseToken(token)
}

// The names of the buckets.
const (
	DesiredBucket    = "desired-state"
	DevicesBucket    = "devices"
	SpecsBucket      = "deployment-specs"
	InfoBucket       = "device-info"
	StateBucket      = "device-state"
	HeartbeatBucket  = "device-heartbeat"
	WorldBucket      = "current-world"
	OffersBucket     = "enrollments"
	RunsBucket       = "runs"
	LeasesBucket     = "leases"
	QuarantineBucket = "quarantine"
	PlansBucket      = "plans"
	SecretsBucket    = "secrets"
	KeysetBucket     = "operator-keys"
	DutiesBucket     = "duties"
	SummaryBucket    = "summaries"
	ApprovalsBucket  = "approvals"
)

// KeysetKey is the one key of the bucket operator-keys.
const KeysetKey = "keys"

// SecretKey is the key of a device's secret. A colon is not allowed in one, and an underscore in no name.
func SecretKey(d algebra.DeviceID, n SecretName) string {
	return Token(d) + "." + strings.ReplaceAll(string(n), ":", "_")
}

// WorldKey is the one key of the bucket current-world.
const WorldKey = "world"

// StateKey is the key of one app's state on one device.
func StateKey(d algebra.DeviceID, a algebra.App) string { return Token(d) + "." + a.String() }

// ParseStateKey is the inverse of StateKey.
func ParseStateKey(key string) (algebra.DeviceID, algebra.App, error) {
	token, name, ok := strings.Cut(key, ".")
	if !ok {
		return algebra.DeviceID{}, algebra.App{}, fmt.Errorf("key %q: want <device>.<app>", key)
	}
	d, err := ParseToken(token)
	if err != nil {
		return algebra.DeviceID{}, algebra.App{}, fmt.Errorf("key %q: %w", key, err)
	}
	a, err := algebra.ParseApp(name)
	if err != nil {
		return algebra.DeviceID{}, algebra.App{}, fmt.Errorf("key %q: %w", key, err)
	}
	return d, a, nil
}

// SpecKey is the key of a deployment: a colon is not allowed in one.
func SpecKey(d algebra.Digest) string { return strings.Replace(d.String(), ":", "=", 1) }

// LeaseKey is the one key of the bucket leases.
const LeaseKey = "publish"

// QuarantineKey is the key of what a run found of a deployment.
func QuarantineKey(q Quarantined) string {
	return q.Run + "." + q.App.String() + "." + q.Digest.Short()
}

// PlanKey is the key of a part of a sealed plan, counted from 0.
func PlanKey(d algebra.Digest, part int) string {
	return fmt.Sprintf("%s.%d", strings.Replace(d.String(), ":", "=", 1), part)
}
