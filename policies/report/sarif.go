package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/policies"
)

// sarif is a log of SARIF 2.1.0, as far as we write one.
type sarif struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool struct {
		Driver sarifDriver `json:"driver"`
	} `json:"tool"`
	AutomationDetails map[string]string `json:"automationDetails"`
	ColumnKind        string            `json:"columnKind"`
	Results           []sarifResult     `json:"results"`
}

type sarifDriver struct {
	Name    string      `json:"name"`
	Version string      `json:"semanticVersion,omitempty"`
	Rules   []sarifRule `json:"rules"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifRule struct {
	ID                   string         `json:"id"`
	ShortDescription     sarifText      `json:"shortDescription"`
	DefaultConfiguration sarifLevel     `json:"defaultConfiguration"`
	Properties           map[string]any `json:"properties"`
}

type sarifLevel struct {
	Level string `json:"level"`
}

type sarifResult struct {
	RuleID              string             `json:"ruleId"`
	RuleIndex           int                `json:"ruleIndex"`
	Level               string             `json:"level"`
	Message             sarifText          `json:"message"`
	Locations           []sarifLocation    `json:"locations"`
	RelatedLocations    []sarifLocation    `json:"relatedLocations,omitempty"`
	PartialFingerprints map[string]string  `json:"partialFingerprints"`
	Suppressions        []sarifSuppression `json:"suppressions,omitempty"`
	Properties          map[string]any     `json:"properties"`
}

type sarifLocation struct {
	Physical struct {
		Artifact struct {
			URI string `json:"uri"`
		} `json:"artifactLocation"`
		Region struct {
			StartLine int `json:"startLine"`
		} `json:"region"`
	} `json:"physicalLocation"`
	Logical []sarifLogical `json:"logicalLocations,omitempty"`
	Message *sarifText     `json:"message,omitempty"`
}

type sarifLogical struct {
	FullyQualifiedName string `json:"fullyQualifiedName"`
	Kind               string `json:"kind"`
}

type sarifSuppression struct {
	Kind          string `json:"kind"`
	Status        string `json:"status"`
	Justification string `json:"justification"`
}

const mostLogical = 100 // addresses listed with a result; its message folds all

func writeSARIF(to io.Writer, g Gate) error {
	var run sarifRun
	run.Tool.Driver = sarifDriver{Name: "muster", Version: semantic(g.Version), Rules: []sarifRule{}}
	run.AutomationDetails = map[string]string{"id": "muster/gate/"}
	run.ColumnKind = "utf16CodeUnits"
	run.Results = []sarifResult{}
	index := map[string]int{}
	for i, r := range g.rules() {
		index[r.ID] = i
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{ID: r.ID, ShortDescription: sarifText{title(r)},
			DefaultConfiguration: sarifLevel{sarifLevelOf(r.Level)}, Properties: map[string]any{"scope": r.Scope.String(), "tags": []string{"policy"}}})
	}
	for _, f := range g.findings() {
		r := sarifResult{RuleID: f.Rule, RuleIndex: index[f.Rule], Level: sarifLevelOf(f.Level), Message: sarifText{f.text(g)},
			Locations:           []sarifLocation{sarifPlace(f.place)},
			PartialFingerprints: map[string]string{"musterGate/v1": fingerprint(f)},
			Properties:          map[string]any{"actions": len(f.Addresses)}}
		for _, address := range f.Addresses[:min(len(f.Addresses), mostLogical)] {
			r.Locations[0].Logical = append(r.Locations[0].Logical, sarifLogical{address, "resource"})
		}
		if f.Policy.File != "" && f.Policy != f.place {
			related := sarifPlace(f.Policy)
			related.Message = &sarifText{"the policy"}
			r.RelatedLocations = []sarifLocation{related}
		}
		if f.Waiver != "" {
			r.Suppressions = []sarifSuppression{{"external", "accepted", g.WaiverText(f.Waiver)}}
		}
		run.Results = append(run.Results, r)
	}
	return indented(to, sarif{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}})
}

func sarifPlace(s algebra.Source) sarifLocation {
	var l sarifLocation
	l.Physical.Artifact.URI = (&url.URL{Path: filepath.ToSlash(s.File)}).EscapedPath()
	l.Physical.Region.StartLine = max(s.Line, 1)
	return l
}

func sarifLevelOf(l policies.Level) string {
	switch l {
	case policies.Deny:
		return "error"
	case policies.Warn:
		return "warning"
	case policies.Info:
		return "note"
	}
	panic(fmt.Sprintf("report: %v", l))
}

// semantic is the version if it is one of semantic versioning.
func semantic(v string) string {
	v = strings.TrimPrefix(v, "v")
	if strings.Count(v, ".") < 2 {
		return ""
	}
	return v
}

// fingerprint tells a finding from others, and is the same after lines above it came or went.
func fingerprint(f finding) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %q %t %q", f.Rule, f.Msg, f.place.File, f.Waiver != "", f.Addresses)
	return hex.EncodeToString(h.Sum(nil))
}
