package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity"
)

func secretList(c *console) *cobra.Command {
	s := &source{console: c}
	cmd := &cobra.Command{
		Use: "list", Short: "which device has which secrets; nobody can print the texts", Args: noArguments,
		Example: "  muster secret list -o json",
	}
	s.addClusterFlags(cmd)
	output := outputFlag(cmd, "table", "json")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		fleet, err := s.join(cmd.Context())
		if err != nil {
			return err
		}
		defer fleet.close()
		if err := fleet.may("secret list", identity.Deployer); err != nil {
			return err
		}
		kv, err := fleet.bucket(cmd.Context(), wire.SecretsBucket)
		if err != nil {
			return err
		}
		list, err := listSecrets(cmd.Context(), kv)
		if err != nil {
			return err
		}
		if output.value == "json" {
			return indented(c, list)
		}
		var rows [][]string
		for _, l := range list {
			rows = append(rows, []string{l.Device, l.Name, l.For, l.Key, l.At.Local().Format(time.DateTime)})
		}
		return table(c.out, []string{"DEVICE", "NAME", "FOR", "SIGNED BY", "AT"}, rows)
	}
	return cmd
}

// listedSecret is what may be told of a secret.
type listedSecret struct {
	Device   string    `json:"device"`
	Name     string    `json:"name"`
	For      string    `json:"for"`
	Revision uint64    `json:"revision"`
	Key      string    `json:"key"`
	At       time.Time `json:"at"`
}

func listSecrets(ctx context.Context, kv jetstream.KeyValue) ([]listedSecret, error) {
	list := []listedSecret{}
	err := eachEntry(ctx, kv, func(e jetstream.KeyValueEntry) {
		s, by := claimedSecret(e.Value())
		list = append(list, listedSecret{s.Device.String(), string(s.Name), string(s.Use), s.Revision, by, e.Created()})
	})
	slices.SortFunc(list, func(a, b listedSecret) int {
		return strings.Compare(a.Device+" "+a.Name, b.Device+" "+b.Name)
	})
	return list, err
}
