package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/identity"
)

func haltCommand(c *console) *cobra.Command {
	s := &source{console: c}
	cmd := &cobra.Command{
		Use:   "halt REASON",
		Short: "stop all publishing to the fleet at once, whoever publishes",
		Long: `halt has the broker refuse every new desired state from that moment on: of apply, of serve, of
a run that is under way, of any version. What is published stays in force: devices go on running,
healing and reporting. muster resume lets publishing go on.`,
		Example: "  muster halt 'web 2.1 eats disks'\n  muster resume",
		Args:    cobra.MinimumNArgs(1), ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.emergency(cmd.Context(), "halt", func(ctx context.Context, fleet *cluster) (string, error) {
				h := nats.Halted{By: fleet.name(), Reason: strings.Join(args, " "), At: time.Now()}
				return h.Reason, nats.Halt(ctx, fleet.conn, h)
			}, "Halted: nothing is published to any device until muster resume.")
		},
	}
	s.addClusterFlags(cmd)
	return cmd
}

func resumeCommand(c *console) *cobra.Command {
	s := &source{console: c}
	cmd := &cobra.Command{
		Use:     "resume",
		Short:   "let publishing go on that muster halt stopped",
		Long:    "resume ends a halt. Nothing that was refused meanwhile is made up for: plan and apply again.",
		Example: "  muster resume",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.emergency(cmd.Context(), "resume", func(ctx context.Context, fleet *cluster) (string, error) {
				ended, err := nats.Resume(ctx, fleet.conn)
				return "it was halted by " + ended.By + ": " + ended.Reason, err
			}, "Resumed: publishing goes on.")
		},
	}
	s.addClusterFlags(cmd)
	return cmd
}

// emergency does something first and puts it on record then: it must not wait for the record.
func (s *source) emergency(ctx context.Context, verb string, do func(context.Context, *cluster) (reason string, err error), done string) error {
	fleet, err := s.join(ctx)
	if err != nil {
		return err
	}
	defer fleet.close()
	if err := fleet.may(verb, identity.Deployer); err != nil {
		return err
	}
	reason, err := do(ctx, fleet)
	if err != nil {
		return fmt.Errorf("%s: %w", verb, err)
	}
	recorded := fleet.audit(ctx, verb, "fleet", map[string]string{"reason": reason})
	_, err = fmt.Fprintln(s.console.out, done)
	return errors.Join(err, recorded)
}

// mayPublish refuses before anybody is asked anything, while publishing is halted.
func (c *cluster) mayPublish(ctx context.Context) error {
	h, is, err := nats.IsHalted(ctx, c.conn)
	if err != nil || !is {
		return err
	}
	return fmt.Errorf("%w %s", executor.ErrHalted, h)
}
