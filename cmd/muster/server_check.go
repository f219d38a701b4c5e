package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	natsgo "github.com/nats-io/nats.go"
	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/enroll"
)

// partFound is what was found out about a part of the server.
type partFound struct {
	Part string `json:"part"`
	// State is ok, failed, or absent for what this server does not have.
	State  string `json:"state"`
	Detail string `json:"detail"`
}

func serverCheck(c *console) *cobra.Command {
	s := &source{console: c}
	cmd := &cobra.Command{
		Use:   "check",
		Short: "find out whether each part of the server does what it is there for",
		Long: `check tries each part of the fleet's side as those try it that use it: a token from the issuer, a
connection with it and one without, the records, and an answer from the hub, the desk and the office.
Where the units of muster server up are, it looks at them too. It changes nothing, and exits with 1
if a part fails, with the reason.

Without --config it takes ` + serverState + `/config.toml, which takes root.`,
		Example: `  sudo muster server check
  muster server check --config server/config.toml -o json`,
		Args: noArguments,
	}
	s.addClusterFlags(cmd)
	output := outputFlag(cmd, "table", "json")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if s.config == "" && os.Getenv("MUSTER_CONFIG") == "" {
			s.config = serverState + "/config.toml"
		}
		config, err := s.configuration()
		if err != nil {
			return fmt.Errorf("server check: %w", err)
		}
		return c.printParts(checkServer(cmd.Context(), config), output.value)
	}
	return cmd
}

func (c *console) printParts(found []partFound, format string) error {
	failed := 0
	var rows [][]string
	for _, f := range found {
		if f.State == "failed" {
			failed++
		}
		rows = append(rows, []string{f.Part, f.State, f.Detail})
	}
	var err error
	if format == "json" {
		err = indented(c, found)
	} else {
		err = table(c.out, []string{"PART", "STATE", "DETAIL"}, rows)
	}
	if err == nil && failed > 0 {
		err = exit(1)
	}
	return err
}

// checkWithin bounds each question: a part that does not answer in this time fails.
const checkWithin = 5 * time.Second

func checkServer(ctx context.Context, config identity.Config) []partFound {
	var found []partFound
	add := func(part, detail string, err error) bool {
		f := partFound{Part: part, State: "ok", Detail: detail}
		if err != nil {
			f.State, f.Detail = "failed", strings.ReplaceAll(err.Error(), "\n", "; ")
		}
		found = append(found, f)
		return err == nil
	}
	for _, unit := range []string{serverUnit, operatorUnit} {
		if there(setupUnit(unit)) {
			add(unit, "active", unitActive(ctx, unit))
		}
	}
	_, err := shownToken(ctx, config)
	issued := add("issuer", "gave a token: "+config.OIDC.Issuer, err)
	add("keys", "the signing key is one that devices trust", signs(config))
	add("callout", "lets nobody in without a token", shut(config.NATS.URL))
	if !issued {
		return append(found, partFound{"broker", "failed", "not tried: there is no token to show"})
	}
	fleet, err := join(ctx, config)
	if !add("broker", "lets in who has a token: "+config.NATS.URL, err) {
		return found
	}
	defer fleet.close()
	within, cancel := context.WithTimeout(ctx, 4*checkWithin)
	defer cancel()
	records, err := fleet.Read(within)
	add("records", counted(len(records.Devices), "device", "devices"), err)
	if fleet.transport == nil {
		return append(found, partFound{"hub, desk, office", "absent", "not tried: it takes " + identity.Deployer.String()})
	}
	add("hub", "answers", listens(fleet.conn, wire.RequestSubject(algebra.MustDeviceID("probe"))))
	if err := listens(fleet.conn, enroll.Subject("probe")); errors.Is(err, natsgo.ErrNoResponders) {
		found = append(found, partFound{"desk", "absent", "devices are entered at the issuer by other means"})
	} else {
		add("desk", "answers", err)
	}
	why := ""
	if h, is, err := nats.IsHalted(within, fleet.conn); err == nil && is {
		why = "publishing is halted " + h.String()
	}
	if there(setupUnit(operatorUnit)) {
		detail, err := readyAt(within, "http://"+operatorListen+"/readyz")
		add("operator", strings.TrimSpace(detail+" "+why), err)
	} else {
		found = append(found, partFound{"operator", "absent", strings.TrimSpace("no " + operatorUnit + " here; muster server up --world " + why)})
	}
	return found
}

func setupUnit(name string) string { return "/etc/systemd/system/" + name }

func unitActive(ctx context.Context, unit string) error {
	out, err := exec.CommandContext(ctx, "systemctl", "is-active", unit).Output()
	if err != nil {
		return fmt.Errorf("is %s; see journalctl -u %s", strings.TrimSpace(string(out)), unit)
	}
	return nil
}

// signs says whether devices trust what this configuration signs with.
func signs(config identity.Config) error {
	trusted, err := config.Keys.Trusted()
	if err != nil {
		return err
	}
	c := &cluster{keys: wire.NewKeyring(trusted...), config: config}
	_, err = c.signingKey()
	return err
}

// shut fails if somebody is let in who shows no token.
func shut(url string) error {
	conn, err := natsgo.Connect(url, natsgo.Timeout(checkWithin), natsgo.Name("muster server check"))
	switch {
	case err == nil:
		conn.Close()
		return errors.New("somebody without a token was let in")
	case errors.Is(err, natsgo.ErrAuthorization):
		return nil
	}
	return err
}

// listens fails if nobody listens where a part of the server should. What it answers does not matter.
func listens(conn *natsgo.Conn, subject string) error {
	_, err := conn.Request(subject, nil, time.Second)
	if errors.Is(err, natsgo.ErrTimeout) {
		return nil // it heard, and answers only what it understands
	}
	return err
}

func readyAt(ctx context.Context, url string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 4096))
	said := strings.Join(strings.Fields(string(text)), " ")
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("not ready: %s", said)
	}
	return said, err
}

// answers is when the server can be used: who set it up can then go on with it.
func (u *uping) answers(ctx context.Context) (bool, error) {
	config, err := identity.Load(serverState+"/config.toml", func(string) string { return "" })
	if err != nil {
		return false, nil // it is written last
	}
	fleet, err := join(ctx, config)
	if err != nil {
		return false, nil
	}
	fleet.close()
	return true, nil
}
