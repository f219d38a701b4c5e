package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	natsgo "github.com/nats-io/nats.go"
	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/kube"
	"github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/executor/operator"
	"github.com/musterfleet/muster/executor/operator/rota"
	"github.com/musterfleet/muster/identity"
)

// serving is the flags of muster serve.
type serving struct {
	console *console
	source  source
	world   string
	judging judging
	name    string
	dryRun  bool
	waits   bool // for somebody's word
	reread  time.Duration
	lasts   time.Duration
	http    endpoint
	logs    logging
	kube    kubeServing
	span    operator.Span
}

func serveCommand(c *console) *cobra.Command {
	s := &serving{console: c, source: source{console: c}}
	cmd := &cobra.Command{
		Use:   "serve -w DIR | --kube NAMESPACE",
		Short: "keep the fleet as its World declares: plan, judge and apply whatever changes",
		Long: `serve follows the World in a directory, which may be a git working copy that something else
pulls, and the fleet. Where they differ it plans, has the policies judge, and carries the plan out
as a run: what plan and apply do by hand, whenever a file or a device changes.

A World that does not load is told, and the last good one stays in force. Where a policy denies,
nothing moves; the plan is judged again when the World, the fleet or the time has changed. A run
that is held waits for muster rollout approve, resume or cancel, or for another World; devices that join
meanwhile get all that it is not about. muster halt stops it as all publishing; muster apply
--take-over puts another World in force by hand.

It may be killed at any instant: whoever serves next goes on with what was begun. Of several that
serve one fleet one leads, and within the time of --lease after its death another does; the counts
that muster status --summary shows are shared among them, by device. With --wait-for-approval each
plan waits for muster approve --pending; without it, policies see who approved all the same, so that
they may ask for some. With --dry-run it tells what it would do and writes nothing.

With --kube the World is the documents of a namespace, and their status says how they stand:
kubectl get, wait and describe tell it. Of several that serve it one tells, the holder of the lease
"muster" there. What is deleted stays until no device runs it, and says which device does; muster
decommission gives up one that never comes back.

A broker or an issuer that is away, at the start too, is waited for; a token or a seed that is refused
at the start, or a certificate that does not hold, ends it.

At --listen it answers /livez and /readyz, with reasons, /status as JSON, and /metrics for
Prometheus, from the first moment on. Traces go to OTEL_EXPORTER_OTLP_ENDPOINT where that is set. Logs go to stderr.`,
		Example: `  muster serve -w worlds/shop
  muster serve -w /srv/worlds/shop -p policies --log-format json --listen 127.0.0.1:9464
  muster serve -w worlds/shop --dry-run
  muster serve --kube edge --project-nodes`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := s.run(cmd.Context())
			if cmd.Context().Err() != nil && errors.Is(err, context.Canceled) {
				return nil // it was to end before it had begun
			}
			return err
		},
	}
	worldFlag(cmd, &s.world)
	s.source.addClusterFlags(cmd)
	s.judging.addFlags(cmd)
	cmd.Flags().StringVar(&s.name, "name", "muster serve", "`NAME` that owns the World; all who serve one World share it")
	cmd.Flags().BoolVar(&s.dryRun, "dry-run", false, "tell what would be done, and write nothing")
	cmd.Flags().BoolVar(&s.waits, "wait-for-approval", false, "apply no plan before somebody approves of it: muster approve --pending")
	cmd.MarkFlagsMutuallyExclusive("dry-run", "wait-for-approval")
	cmd.Flags().DurationVar(&s.reread, "reread", 5*time.Minute, "about how often the World is looked at though no change was heard of")
	cmd.Flags().DurationVar(&s.lasts, "lease", executor.DefaultLasts, "`TIME` after which another goes on with a run if this one is not heard of")
	s.kube.addFlags(cmd)
	s.http.addFlags(cmd)
	s.logs.addFlags(cmd)
	return cmd
}

func (s *serving) run(ctx context.Context) error {
	if err := s.from(ctx); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	log, err := s.logs.logger(s.console.errw)
	if err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	config, err := s.source.configuration()
	if err != nil {
		return err
	}
	m, start := newMeters(), newOutset(log, time.Now())
	m.watch(start)
	stop, err := s.http.serve(start, m, log)
	if err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	defer stop()
	// Nobody waits at a terminal: a broker that is away is waited for, and so is an issuer.
	if config.Services.Keys != "" {
		stop, err := await(ctx, start, func() (func(), error) { return startCluster(ctx, config, log) })
		if err != nil {
			return fmt.Errorf("serve: %w", err)
		}
		defer stop()
	}
	fleet, err := await(ctx, start, func() (*cluster, error) {
		return s.source.join(ctx, natsgo.MaxReconnects(-1), natsgo.IgnoreAuthErrorAbort(), natsgo.Name(s.name))
	})
	if err != nil {
		return err
	}
	defer fleet.close()
	if err := fleet.may("serve", identity.Deployer); err != nil {
		return err
	}
	traces, err := startTraces(ctx, log)
	if err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	defer traces.stop()
	s.span = m.timed(traces.spans())
	o, err := s.operator(ctx, fleet, log)
	if err != nil {
		return err
	}
	o.Span, o.WatchRun = s.span, (&runLog{log: log, span: s.span, meters: m}).show
	start.operator.Store(o)
	if s.kube.watch != nil {
		kube.Log(log)
		if !s.dryRun {
			go s.kube.tell(ctx, fleet, o, log)
		}
	}
	return o.Run(ctx)
}

// from finds where the World is.
func (s *serving) from(ctx context.Context) error {
	if namespace, ok := kubeNamespace(s.world); ok {
		s.kube.namespace = namespace
	}
	switch {
	case s.kube.namespace != "":
		s.world = kubePrefix + s.kube.namespace
		return s.kube.open(ctx)
	case s.kube.nodes:
		return errors.New("--project-nodes goes with --kube")
	case s.world == "":
		return errors.New("no World; name its directory by -w DIR, or its namespace by --kube")
	}
	return directory(s.world)
}

// operator puts together what keeps the fleet, but for what looks at it.
func (s *serving) operator(ctx context.Context, fleet *cluster, log *slog.Logger) (*operator.Operator, error) {
	if fleet.transport == nil {
		return nil, fmt.Errorf("serve: %s has no place among the records of the fleet; it takes %s", fleet.name(), identity.Deployer)
	}
	watcher, ok := fleet.transport.(executor.Watcher)
	if !ok {
		return nil, errors.New("serve: this transport cannot be followed")
	}
	o := &operator.Operator{Fleet: watcher, Log: log, Now: time.Now, Worlds: s.worlds(ctx, log), Halted: fleet.halted,
		Applier: executor.Applier{Keys: fleet.keys, By: s.name, Holder: thisProcess(), Lasts: s.lasts}}
	switch {
	case s.dryRun:
		o.Mode = operator.DryRun
		return o, nil
	case s.waits:
		o.Mode = operator.WaitForApproval
	}
	key, err := fleet.signingKey()
	if err != nil {
		return nil, err
	}
	o.Applier.Key, o.Record = key, fleet.audit
	if t, ok := fleet.transport.(*nats.Transport); ok {
		o.Publish, o.Approved = t.PutSummary, approvedIn(t, fleet.config)
		o.Rota = &rota.Rota{Store: t, Me: o.Applier.Holder, Lasts: s.lasts, Now: time.Now, Log: log}
	}
	return o, nil
}

// halted says why publishing is halted, if it is.
func (c *cluster) halted(ctx context.Context) (string, error) {
	h, is, err := nats.IsHalted(ctx, c.conn)
	if err != nil || !is {
		return "", err
	}
	return "publishing is halted " + h.String(), nil
}
