package main

import (
	"bytes"
	"context"
	"log/slog"
	"strings"

	"github.com/musterfleet/muster/executor/operator"
	"github.com/musterfleet/muster/executor/operator/worlddir"
	"github.com/musterfleet/muster/policies"
)

// worlds follows the World and its policies.
func (s *serving) worlds(ctx context.Context, log *slog.Logger) <-chan operator.Loaded {
	if s.kube.watch != nil {
		return s.kube.worlds(ctx, func() operator.Loaded { return s.load("", log) }, s.reread)
	}
	d := worlddir.Directory{Path: s.world, Every: s.reread, Log: log,
		Load: func(ctx context.Context, commit string) operator.Loaded {
			_, end := s.span(ctx, "load", slog.String("commit", commit))
			w := s.load(commit, log)
			end(w.Err)
			return w
		}}
	if s.judging.dir != "" && s.judging.isDirectory() {
		d.Also = append(d.Also, s.judging.dir)
	}
	d.Also = append(d.Also, s.judging.data...)
	return d.Follow(ctx)
}

// load reads the World as it is now. What commands tell of it at a terminal goes to the log.
func (s *serving) load(commit string, log *slog.Logger) operator.Loaded {
	var said bytes.Buffer
	c := &console{out: &said, errw: &said, plain: true}
	world, err := c.loadWorld(s.world)
	var by rules
	if err == nil {
		by, err = c.rules(world, s.world, s.judging)
	}
	for line := range strings.Lines(said.String()) {
		log.Warn("of the World", "said", strings.TrimRight(line, "\n"))
	}
	if err != nil {
		return operator.Loaded{Err: err}
	}
	request := s.judging.request("serve")
	request.User, request.DryRun = s.name, s.dryRun
	if commit != "" {
		request.VCS.SHA = commit
	}
	return operator.Loaded{World: world, Request: request, Waves: by.waves(), Judge: func(p policies.Proposal) (policies.Approved, policies.Report) {
		approved, report := policies.Review(p, by.gates, by.options)
		if err := s.judging.record(report, by); err != nil {
			log.Error("a decision is not kept", "error", err)
			return policies.Approved{}, report
		}
		return approved, report
	}}
}
