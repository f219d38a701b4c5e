package sim

import (
	"context"
	"time"

	"github.com/musterfleet/muster/executor/operator"
	"github.com/musterfleet/muster/policies"
)

// serves is who owns the World where replicas of muster serve keep it.
const serves = "serve"

// serve starts a replica of muster serve, which works until it is killed.
func (o *person) serve() {
	o.begin("serves", func(ctx context.Context, c *console) error {
		a := c.applier()
		a.By = serves
		serving := operator.Operator{Fleet: c, Applier: a, Worlds: c.worlds, Now: a.Now, Halted: c.whyHalted, Turn: 3 * time.Second}
		return serving.Run(ctx)
	})
	o.met["serves"]++
}

func (c *console) whyHalted(ctx context.Context) (string, error) {
	why, err := c.asks(ctx, func(answer func(any, error)) {
		why := ""
		if c.halted {
			why = "somebody said so"
		}
		c.later(c.chance.takes(5*time.Millisecond), func() { answer(why, nil) })
	})
	text, _ := why.(string)
	return text, err
}

// loaded is a World as a replica takes it. The queue hears of each plan that it has judged.
func (c *console) loaded(w wanted) operator.Loaded {
	world := w.world()
	return operator.Loaded{World: world, Judge: func(p policies.Proposal) (policies.Approved, policies.Report) {
		p = c.bug.proposed(world, p)
		approved, report := policies.Review(p, nil, policies.Options{NoGates: world.NoGates, AllowStop: 100})
		_, _ = c.asks(context.Background(), func(answer func(any, error)) {
			c.planned(w, p.Plan, p.Reality)
			c.approves(w, approved)
			answer(nil, nil)
		})
		return approved, report
	}}
}
