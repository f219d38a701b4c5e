package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/policies"
)

// approving is the flags of muster approve.
type approving struct {
	console *console
	source  source
	name    string
	named   bool
	pending bool
	yes     bool
}

func approveCommand(c *console) *cobra.Command {
	a := &approving{console: c, source: source{console: c}, name: request("approve").User}
	cmd := &cobra.Command{
		Use:   "approve PLAN | --pending",
		Short: "give your word for a saved plan, or for the one that waits, signed with your key",
		Long: `approve adds your name to a plan that muster plan --out wrote. The name is that of your token,
or where no issuer is configured the one you give; the signature is made with keys.sign and
covers exactly this plan. Where a fleet is configured, the approval is put on record there. Apply and gate show policies the approvers whose keys are among
keys.trust, in request.vcs.approvals. A key counts once, so whoever is to approve needs a key of
their own.

With --pending it shows the plan that muster serve waits with, asks, and leaves the approval with
the fleet, where serve finds it.`,
		Example: `  muster plan -w fleet/ --out plan.json
  muster approve plan.json
  muster apply plan.json
  muster approve --pending`,
		Args: func(cmd *cobra.Command, args []string) error {
			if a.pending && len(args) == 0 {
				return nil
			}
			if a.pending {
				return errors.New("approve: --pending is the plan that serve waits with; it takes no file")
			}
			return onePlan(cmd, args)
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"json"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			a.named = cmd.Flags().Changed("as")
			if a.pending {
				return a.waiting(cmd.Context())
			}
			return a.saved(cmd.Context(), args[0])
		},
	}
	cmd.Flags().StringVar(&a.name, "as", a.name, "your `NAME`, where no issuer says it")
	cmd.Flags().StringVar(&a.source.config, "config", "", "`FILE` that names your key (default $MUSTER_CONFIG)")
	cmd.Flags().BoolVar(&a.pending, "pending", false, "the plan that muster serve waits with")
	cmd.Flags().BoolVar(&a.yes, "yes", false, "do not ask; for scripts")
	return cmd
}

// sign adds the approval to a plan.
func (a *approving) sign(ctx context.Context, file *planfile.File, config identity.Config) error {
	key, err := config.Keys.SigningKey()
	if err != nil {
		return err
	}
	var who identity.Principal
	if config.OIDC.Issuer != "" {
		token, err := shownToken(ctx, config)
		if err != nil {
			return err
		}
		if who, err = verified(ctx, config.OIDC, token); err != nil {
			return err
		}
	}
	if !who.IsZero() && a.named {
		return fmt.Errorf("approve: --as %s: the issuer says that you are %s", a.name, who.Name())
	}
	policies.Approve(file, who, a.name, key, time.Now())
	return nil
}

// saved approves of a plan in a file.
func (a *approving) saved(ctx context.Context, name string) error {
	file, err := a.console.loadPlan(name)
	if err != nil {
		return err
	}
	config, err := a.source.configuration()
	if err != nil {
		return err
	}
	if err := a.sign(ctx, &file, config); err != nil {
		return err
	}
	if config.NATS.URL != "" {
		if err := a.source.recordApproval(ctx, file); err != nil {
			return err
		}
	}
	if err := writeFile(name, file.JSON(), 0o644); err != nil {
		return fmt.Errorf("approve: %w", err)
	}
	return a.told(file)
}

func (a *approving) told(file planfile.File) error {
	plan, err := file.Plan(nil, nil)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.console.out, "%s\n%s\n%s\n", origin(file), planner.Summary(plan), approvedBy(file))
	return err
}

// recordApproval puts the last approval of a plan on record. One that cannot be is not given.
func (s *source) recordApproval(ctx context.Context, f planfile.File) error {
	fleet, err := s.join(ctx)
	if err != nil {
		return fmt.Errorf("approve: not put on record, so not given: %w", err)
	}
	defer fleet.close()
	if err := fleet.may("approve", identity.Deployer); err != nil {
		return err
	}
	return fleet.keepApproval(ctx, f)
}

// keepApproval puts the last approval of a plan on record, and where serve finds it.
func (c *cluster) keepApproval(ctx context.Context, f planfile.File) error {
	a := f.Approvals[len(f.Approvals)-1]
	if t, ok := c.transport.(*nats.Transport); ok {
		if err := t.PutApproval(ctx, f.Digest(), a); err != nil {
			return fmt.Errorf("approve: %w", err)
		}
	}
	return c.audit(ctx, "approve", f.Digest().String(), map[string]string{"name": a.Name, "user": a.User, "key": a.Key})
}

// approvedBy names who gave their word for a plan, whether it counts or not.
func approvedBy(f planfile.File) string {
	var names []string
	for _, a := range f.Approvals {
		names = append(names, fmt.Sprintf("%s at %s", a.Name, a.At.Format(time.RFC3339)))
	}
	if len(names) == 0 {
		return ""
	}
	return "Approved by " + strings.Join(names, ", ") + "."
}

// approved has a request tell of the approvals of a plan that count: those signed by keys that
// are trusted here.
func (c *console) approved(f planfile.File, config identity.Config, r *planfile.Request) {
	if len(f.Approvals) == 0 {
		return
	}
	trusted, err := config.Keys.Trusted()
	if err != nil {
		c.note("set keys.trust or MUSTER_KEYS_TRUST", "the approvals of the plan do not count: no key is trusted here")
		return
	}
	names, problems := policies.Approvers(f, trusted)
	for _, p := range problems {
		c.note("", "%v", p)
	}
	r.VCS.Trusted = len(r.VCS.Approvals) == 0 && len(names) > 0
	r.VCS.Approvals = approvals(r.VCS.Approvals, names)
}

// reach is the devices that who asks may deploy to, as their grants have it. The names in the
// grants are the World's.
func (s *source) reach(world algebra.World, reality algebra.Reality) (policies.Reach, error) {
	on, all := s.who.Scopes(identity.Deployer)
	if all || len(on) == 0 || s.who.May(identity.Operator) {
		return policies.Reach{}, nil
	}
	g := ground{world: world, declared: true, reality: reality, roster: reality.Roster, demand: world.On(reality)}
	r := policies.Reach{Who: s.who.Name(), On: on, Devices: reality.Roster.None(), Limited: true}
	for _, text := range on {
		f, err := g.named("the grant of "+r.Who, text)
		if err != nil {
			return policies.Reach{}, err
		}
		r.Devices = r.Devices.Union(f)
	}
	return r, nil
}
