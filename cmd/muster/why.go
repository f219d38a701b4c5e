package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/planner"
)

// asking is the flags of one why.
type asking struct {
	console *console
	source  source
	world   string
	plan    string
	output  *choice
}

func whyCommand(c *console) *cobra.Command {
	a := &asking{console: c, source: source{console: c}}
	cmd := &cobra.Command{
		Use:   "why DEVICE[/APP]",
		Short: "print why a device runs what it shall run: rule, fleet, selector, label",
		Long: `why follows each claim on a device back to where it was written: what the plan does, the
assignment and its line, the fleets by their names, the terms that hold and what the device has
at their keys, with the document or the person that set each label. Claims that lose are told
too, and for an app that nothing wants there, what stands in the way.

Devices come from --nats, --roster, --snapshot or the World's own documents. With --plan a saved
plan is asked; together with -w DIR, the World it was made for, names are followed too.`,
		Example: `  muster why edge-007/web -w worlds/shop --snapshot fleet.snap
  muster why edge-007 -w worlds/shop --nats nats://localhost:4222
  muster why edge-007/web --plan plan.json -w worlds/shop`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("why: %d arguments, want one: DEVICE, or DEVICE/APP", len(args))
			}
			return nil
		},
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.run(cmd.Context(), args[0]) },
	}
	worldFlag(cmd, &a.world)
	a.source.addFlags(cmd)
	cmd.Flags().StringVar(&a.plan, "plan", "", "`FILE` that plan --out wrote, to be asked instead of the fleet")
	a.output = outputFlag(cmd, "text", "json")
	return cmd
}

func (a *asking) run(ctx context.Context, address string) error {
	name, appName, one := strings.Cut(address, "/")
	var app algebra.App
	if one {
		var err error
		if app, err = algebra.ParseApp(appName); err != nil {
			return fmt.Errorf("why %s: %w", address, err)
		}
	}
	if a.world == "" && a.plan == "" {
		return errors.New("why: nothing to ask; name the World by -w DIR, or a saved plan by --plan FILE")
	}
	w, err := a.ask(ctx)
	if err != nil {
		return err
	}
	if w.ordinal, err = w.ground.ordinal(name); err != nil {
		return fmt.Errorf("why: %w", err)
	}
	w.only = app
	if a.output.value == "json" {
		return indented(a.console, w.answer())
	}
	_, err = fmt.Fprint(a.console.out, w.text(a.console))
	return err
}

// whying is what a why is answered from. Without a World only the plan speaks.
type whying struct {
	ground
	plan    planner.Plan
	ordinal uint32
	only    algebra.App // zero for all apps of the device
}

// ask reads the sources.
func (a *asking) ask(ctx context.Context) (whying, error) {
	if a.plan != "" {
		return a.askPlan()
	}
	world, err := a.console.loadWorld(a.world)
	if err != nil {
		return whying{}, err
	}
	reality, set, err := a.observe(ctx)
	if err != nil {
		return whying{}, err
	}
	w := whying{ground: stand(world, true, reality), plan: planner.Make(world, reality)}
	w.cites = &citations{world: world, registry: set}
	return w, nil
}

// observe reads the reality, and of a running fleet who set the labels.
func (a *asking) observe(ctx context.Context) (algebra.Reality, map[algebra.DeviceID]string, error) {
	if a.source.named() || !a.source.given() {
		r, err := a.source.reality(ctx)
		return r, nil, err
	}
	fleet, err := a.source.join(ctx)
	if err != nil {
		return algebra.Reality{}, nil, err
	}
	defer fleet.close()
	r, err := fleet.observe(ctx, a.console)
	if err != nil {
		return r, nil, err
	}
	records, err := fleet.Read(ctx)
	return r, setBy(records), err
}

// setBy says of each device who wrote its registry entry, and when.
func setBy(records executor.Records) map[algebra.DeviceID]string {
	out := map[algebra.DeviceID]string{}
	for id, d := range records.Devices {
		e := d.Entry.Value
		if e.SetBy == "" {
			continue
		}
		out[id] = "set by " + e.SetBy
		if !e.At.IsZero() {
			out[id] += " on " + e.At.UTC().Format("2006-01-02 15:04 MST")
		}
	}
	return out
}

// askPlan reads a saved plan. It knows the devices it touches, with their labels as they will be.
func (a *asking) askPlan() (whying, error) {
	f, err := a.console.loadPlan(a.plan)
	if err != nil {
		return whying{}, err
	}
	var world algebra.World
	if a.world != "" {
		if world, err = a.console.loadWorld(a.world); err != nil {
			return whying{}, err
		}
		if world.Digest().String() != f.Base.WorldDigest {
			return whying{}, fmt.Errorf("why: %s was made for another World than %s is now; plan again, or leave -w out", a.plan, a.world)
		}
	}
	plan, err := f.Plan(nil, nil)
	if err != nil {
		return whying{}, err
	}
	w := whying{ground: stand(world, a.world != "", algebra.NewReality(plan.Roster, plan.Observed)), plan: plan}
	w.cites = &citations{world: world}
	return w, nil
}
