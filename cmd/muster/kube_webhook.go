package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/kube"
	"github.com/musterfleet/muster/internal/diag"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/policies"
)

// webhook is the flags of kube webhook, and what it judges changes with.
type webhook struct {
	console *console
	source  source
	judging judging
	listen  string
	certs   string
}

func kubeWebhook(c *console) *cobra.Command {
	w := &webhook{console: c, source: source{console: c}}
	cmd := &cobra.Command{
		Use: "webhook NAMESPACE", Short: "refuse changes of documents that no World could have, or that gates deny", Args: cobra.ExactArgs(1),
		Long: `webhook answers the API server as a validating webhook, at ` + kube.WebhookPath + `. It refuses a document that is
wrong in itself, a change that makes two claims contradict on some device, and one whose plan the
policies deny; kubectl shows the reasons. A name that is not declared yet is a warning, as kubectl
applies a directory document by document.

Plans are made against the running fleet that the configuration names; with none, against what the
namespace declares before the change. A World without policies refuses nothing: its plans wait.

The certificate is read again when its files change, as cert-manager and mounted secrets change
them.`,
		Example: "  muster kube webhook edge --certs /etc/muster/webhook\n  muster kube webhook edge --certs certs/ --listen 127.0.0.1:9443 -p policies/",
		RunE:    func(cmd *cobra.Command, args []string) error { return w.run(cmd.Context(), args[0]) },
	}
	cmd.Flags().StringVar(&w.listen, "listen", ":9443", "`ADDRESS` to answer at")
	cmd.Flags().StringVar(&w.certs, "certs", "", "`DIR` of tls.crt and tls.key")
	for _, err := range []error{cmd.MarkFlagRequired("certs"), cmd.MarkFlagDirname("certs")} {
		if err != nil {
			panic("muster: " + err.Error()) // the flag was added just above
		}
	}
	w.source.addClusterFlags(cmd)
	w.judging.addFlags(cmd)
	return cmd
}

func (w *webhook) run(ctx context.Context, namespace string) error {
	cluster, err := kube.OpenDefault(namespace, kube.DefaultRate)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", w.listen)
	if err != nil {
		return fmt.Errorf("kube: webhook: %w", err)
	}
	kube.Log(slog.New(slog.NewTextHandler(w.console.errw, &slog.HandlerOptions{Level: slog.LevelWarn})))
	fmt.Fprintf(w.console.errw, "webhook of namespace %s at https://%s%s\n", namespace, l.Addr(), kube.WebhookPath)
	a := kube.Admission{Cluster: cluster, Check: func(ctx context.Context, before, after algebra.World) (kube.Verdict, error) {
		return w.check(ctx, before, after)
	}}
	return a.Serve(ctx, l, filepath.Join(w.certs, "tls.crt"), filepath.Join(w.certs, "tls.key"))
}

// check is what speaks against going from one World to another.
func (w *webhook) check(ctx context.Context, before, after algebra.World) (kube.Verdict, error) {
	var v kube.Verdict
	var against objections
	for _, d := range foreseen(after, "") {
		if d.Severity == diag.Error {
			against.add(placedMessage(d), "")
		} else {
			v.Warned = append(v.Warned, placedMessage(d))
		}
	}
	reality, err := w.source.reality(ctx)
	if err != nil {
		return v, err
	}
	if !w.source.given() {
		reality = applied(before, reality)
	}
	plan := planner.Make(after, reality)
	known := map[planner.Target]bool{} // conflicts that are there already must not hinder mending them
	for _, b := range planner.Make(before, reality).Blocked {
		known[b.At] = b.Why == planner.Conflict
	}
	for _, b := range plan.Blocked {
		if b.Why == planner.Conflict && !known[b.At] {
			against.add("conflict: "+b.Detail, b.At.String())
		}
	}
	rules, err := w.console.rules(after, "", w.judging)
	if err != nil {
		return v, err
	}
	if len(rules.gates) == 0 {
		if !rules.options.NoGates {
			v.Warned = append(v.Warned, "there are no policies yet, and without one no plan is approved; declare a Policy, or gates: none in a World")
		}
		v.Refused = against.list()
		return v, nil
	}
	_, report := policies.Review(policies.Proposal{Plan: plan, Reality: reality, Request: w.judging.request("admission"), Now: time.Now()}, rules.gates, rules.options)
	for i := range report.Results {
		if r := &report.Results[i]; r.Level == policies.Deny && r.Waiver == "" {
			against.add(r.Rule+": "+r.Msg, r.Address)
		}
	}
	v.Refused = against.list()
	return v, nil
}

// objections are reasons against a change, in order, each with the places it is about.
type objections struct {
	reasons []string
	places  map[string][]string
}

func (o *objections) add(reason, place string) {
	if o.places == nil {
		o.places = map[string][]string{}
	}
	if o.places[reason] == nil {
		o.reasons = append(o.reasons, reason)
	}
	o.places[reason] = append(o.places[reason], place)
}

// list says each reason once, with its first place.
func (o *objections) list() []string {
	var out []string
	for _, reason := range o.reasons {
		switch at := o.places[reason]; {
		case at[0] == "":
		case len(at) == 1:
			reason += " (" + at[0] + ")"
		default:
			reason += fmt.Sprintf(" (%s and %d more)", at[0], len(at)-1)
		}
		out = append(out, reason)
	}
	return out
}

// placedMessage is a diagnostic as a message of Kubernetes has it.
func placedMessage(d diag.Diagnostic) string {
	text := d.Place() + ": " + d.Message
	if d.Hint != "" {
		text += " (" + d.Hint + ")"
	}
	return text
}
