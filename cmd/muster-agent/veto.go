package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/algebra"
)

// vetoWithin is how long the program may take; one that does not answer vetoes, since nobody knows
// what it would have said.
const vetoWithin = 10 * time.Second

// vetoBy runs a program of the device's owner before each change. It reads what is meant in its
// environment, and by any exit code but 0 forbids it; the first line that it writes is the reason.
//
//	MUSTER_ACTION=start|replace|stop  MUSTER_APP=web  MUSTER_HAVE=1.0.0  MUSTER_WANT=2.0.0
func vetoBy(program string) func(context.Context, agent.Consult) error {
	return func(ctx context.Context, c agent.Consult) error {
		ctx, cancel := context.WithTimeout(ctx, vetoWithin)
		defer cancel()
		action, have, want := "replace", c.Have.Version.String(), c.Want.Version.String()
		switch {
		case c.Want.IsZero():
			action, want = "stop", ""
		case c.Have.IsZero():
			action, have = "start", ""
		}
		cmd := exec.CommandContext(ctx, program)
		cmd.WaitDelay = time.Second
		cmd.Env = append(os.Environ(), "MUSTER_ACTION="+action, "MUSTER_APP="+c.App.String(), "MUSTER_HAVE="+have, "MUSTER_WANT="+want,
			"MUSTER_DEPLOYMENT="+digest(c.Want))
		said, err := cmd.Output()
		var ended *exec.ExitError
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return fmt.Errorf("%s did not answer within %s", program, vetoWithin)
		case !errors.As(err, &ended):
			return fmt.Errorf("%s: %w", program, err)
		}
		reason, _, _ := bytes.Cut(said, []byte("\n"))
		if text := strings.TrimSpace(string(reason)); text != "" {
			return errors.New(text[:min(200, len(text))])
		}
		return fmt.Errorf("%s says no, with exit code %d", program, ended.ExitCode())
	}
}

func digest(r algebra.Release) string {
	if r.IsZero() {
		return ""
	}
	return r.Deployment.String()
}
