package wire

import (
	"time"

	"github.com/musterfleet/muster/algebra"
)

// AskLogs asks a device for the last lines that an app's containers wrote.
type AskLogs struct {
	Device algebra.DeviceID `json:"device"`
	Nonce  string           `json:"nonce"`
	App    algebra.App      `json:"app"`
	// Container is one of the app; empty is all of them.
	Container string `json:"container,omitempty"`
	// Tail is how many lines at most, counted from the newest; 0 is 100.
	Tail int `json:"tail,omitempty"`
	// After leaves out the lines up to then.
	After time.Time `json:"after,omitzero"`
}

// LogsAnswer is the lines, oldest first, or why there are none.
type LogsAnswer struct {
	Device algebra.DeviceID `json:"device"`
	Nonce  string           `json:"nonce"`
	Lines  []LogLine        `json:"lines,omitempty"`
	// Cut says that older lines were left out to keep the answer small.
	Cut   bool   `json:"cut,omitempty"`
	Error string `json:"error,omitempty"`
}

// LogLine is one line of one container.
type LogLine struct {
	At        time.Time `json:"at"`
	Container string    `json:"container"`
	// Stream is stdout or stderr.
	Stream string `json:"stream"`
	Text   string `json:"text"`
}

// MaxLogs is the most that one LogsAnswer holds, in bytes of text.
const MaxLogs = 256 << 10

// AskDoctor asks a device how it finds itself.
type AskDoctor struct {
	Device algebra.DeviceID `json:"device"`
	Nonce  string           `json:"nonce"`
	// Now is the asker's clock, for the device to compare its own with.
	Now time.Time `json:"now"`
}

// DoctorAnswer is what a device found.
type DoctorAnswer struct {
	Device   algebra.DeviceID `json:"device"`
	Nonce    string           `json:"nonce"`
	Findings []Finding        `json:"findings"`
}

// Finding is one thing that was looked at.
type Finding struct {
	// Topic is what: agent, clock, slot web, …
	Topic     string    `json:"topic"`
	Condition Condition `json:"condition"`
	Detail    string    `json:"detail"`
}

// Condition is how a finding stands.
type Condition string

// The conditions.
const (
	Well  Condition = "ok"
	Doubt Condition = "warn"
	Ill   Condition = "fail"
)

// Kind is AskLogs.
func (AskLogs) Kind() string { return "AskLogs" }

// Kind is LogsAnswer.
func (LogsAnswer) Kind() string { return "LogsAnswer" }

// Kind is AskDoctor.
func (AskDoctor) Kind() string { return "AskDoctor" }

// Kind is DoctorAnswer.
func (DoctorAnswer) Kind() string { return "DoctorAnswer" }

func (m AskLogs) check() error {
	if err := requireNonce(m.Kind(), m.Device, m.Nonce); err != nil {
		return err
	}
	return required(m.Kind(), field{"app", m.App.IsZero()})
}
func (m LogsAnswer) check() error   { return requireNonce(m.Kind(), m.Device, m.Nonce) }
func (m AskDoctor) check() error    { return requireNonce(m.Kind(), m.Device, m.Nonce) }
func (m DoctorAnswer) check() error { return requireNonce(m.Kind(), m.Device, m.Nonce) }

// Answers reports whether this is what the device answers to the question with this nonce.
func (m LogsAnswer) Answers(d algebra.DeviceID, nonce string) bool {
	return m.Device == d && m.Nonce == nonce
}

// Answers reports whether this is what the device answers to the question with this nonce.
func (m DoctorAnswer) Answers(d algebra.DeviceID, nonce string) bool {
	return m.Device == d && m.Nonce == nonce
}
