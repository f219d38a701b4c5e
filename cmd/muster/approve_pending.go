package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/executor/operator"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/policies"
)

// waiting approves of the plan that serve waits with.
func (a *approving) waiting(ctx context.Context) error {
	fleet, err := a.source.join(ctx)
	if err != nil {
		return err
	}
	defer fleet.close()
	if err := fleet.may("approve", identity.Deployer); err != nil {
		return err
	}
	t, ok := fleet.transport.(*nats.Transport)
	if !ok {
		return fmt.Errorf("approve: %s has no place among the records of the fleet; it takes %s", fleet.name(), identity.Deployer)
	}
	texts, err := t.Summaries(ctx)
	if err != nil {
		return err
	}
	told, err := toldBy(texts)
	if err != nil {
		return err
	}
	text, ok := texts[operator.PendingKey]
	if !ok || told.Standing.State != operator.Unapproved && told.Standing.State != operator.Denied {
		return fmt.Errorf("approve: no plan waits: %s", standingText(told))
	}
	file, err := planfile.Decode(text)
	if err != nil {
		return fmt.Errorf("approve: the pending plan: %w", err)
	}
	plan, err := file.Plan(nil, nil)
	if err != nil {
		return fmt.Errorf("approve: the pending plan: %w", err)
	}
	if err := a.console.showPlan(a.console.out, plan, policies.Report{File: file}, false); err != nil {
		return err
	}
	if err := a.sure(plan); err != nil {
		return err
	}
	if err := a.sign(ctx, &file, fleet.config); err != nil {
		return err
	}
	if err := fleet.keepApproval(ctx, file); err != nil {
		return err
	}
	fmt.Fprintln(a.console.out)
	return a.told(file)
}

// sure has a person type the number of devices: who types it has read the plan.
func (a *approving) sure(plan planner.Plan) error {
	if a.yes {
		return nil
	}
	if !terminal(a.console.out) || a.console.in == nil {
		return errors.New("approve: nobody to ask, as this is no terminal; --yes approves without asking")
	}
	n := len(plan.Base)
	fmt.Fprintf(a.console.errw, "\nThis changes %s. Type the number to approve: ", counted(n, "device", "devices"))
	line, err := bufio.NewReader(a.console.in).ReadString('\n')
	if err != nil || strings.TrimSpace(line) != strconv.Itoa(n) {
		return errors.New("approve: not confirmed; nothing was approved")
	}
	return nil
}

// approvedIn are those who gave their word for a plan, with keys that are trusted here.
func approvedIn(t *nats.Transport, config identity.Config) func(context.Context, planfile.File) ([]string, error) {
	return func(ctx context.Context, f planfile.File) ([]string, error) {
		list, err := t.Approvals(ctx, f.Digest())
		if err != nil || len(list) == 0 {
			return nil, err
		}
		trusted, err := config.Keys.Trusted()
		if err != nil {
			return nil, err
		}
		f.Approvals = list
		names, problems := policies.Approvers(f, trusted)
		return names, errors.Join(problems...)
	}
}
