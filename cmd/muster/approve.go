package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/policies"
)

func approveCommand(c *console) *cobra.Command {
	s := &source{console: c}
	name := request("approve").User
	cmd := &cobra.Command{
		Use:   "approve PLAN",
		Short: "give your word for a saved plan, signed with your key",
		Long: `approve adds your name to a plan that muster plan --out wrote. The name is that of your token,
or where no issuer is configured the one you give; the signature is made with keys.sign and
covers exactly this plan. Where a fleet is configured, the approval is put on record there. Apply and gate show policies the approvers whose keys are among
keys.trust, in request.vcs.approvals. A key counts once, so whoever is to approve needs a key of
their own.`,
		Example: "  muster plan -w fleet/ --out plan.json\n  muster approve plan.json\n  muster apply plan.json",
		Args:    onePlan,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"json"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := c.loadPlan(args[0])
			if err != nil {
				return err
			}
			config, err := s.configuration()
			if err != nil {
				return err
			}
			key, err := config.Keys.SigningKey()
			if err != nil {
				return err
			}
			var who identity.Principal
			if config.OIDC.Issuer != "" {
				token, err := shownToken(cmd.Context(), config)
				if err != nil {
					return err
				}
				if who, err = verified(cmd.Context(), config.OIDC, token); err != nil {
					return err
				}
			}
			if !who.IsZero() && cmd.Flags().Changed("as") {
				return fmt.Errorf("approve: --as %s: the issuer says that you are %s", name, who.Name())
			}
			policies.Approve(&file, who, name, key, time.Now())
			if config.NATS.URL != "" {
				if err := s.recordApproval(cmd.Context(), file); err != nil {
					return err
				}
			}
			if err := writeFile(args[0], file.JSON(), 0o644); err != nil {
				return fmt.Errorf("approve: %w", err)
			}
			plan, err := file.Plan(nil, nil)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.out, "%s\n%s\n%s\n", origin(file), planner.Summary(plan), approvedBy(file))
			return err
		},
	}
	cmd.Flags().StringVar(&name, "as", name, "your `NAME`, where no issuer says it")
	cmd.Flags().StringVar(&s.config, "config", "", "`FILE` that names your key (default $MUSTER_CONFIG)")
	return cmd
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
	a := f.Approvals[len(f.Approvals)-1]
	return fleet.audit(ctx, "approve", f.Digest().String(), map[string]string{"name": a.Name, "user": a.User, "key": a.Key})
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
