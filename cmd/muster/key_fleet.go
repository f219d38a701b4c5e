package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity"
)

func keyTrust(c *console) *cobra.Command {
	s := &source{console: c}
	cmd := &cobra.Command{
		Use:   "trust NEW.pub…",
		Short: "have all devices trust more keys, beside those they trust now",
		Long: `trust sends the fleet a set of keys: all of keys.trust of the configuration and the new ones,
signed with keys.sign. Devices take it with their desired state, those offline when they are back.
From then on what is signed with any of the keys counts. To change over to a new key:

  muster key create new           make it
  muster key trust new.pub        devices trust both
                                  set keys.sign to new.key, and add new.pub to keys.trust
  muster key devices              wait until all have it
  muster key retire old.pub       devices trust the new one alone
                                  take old.pub from keys.trust`,
		Example: "  muster key trust ~/.config/muster/new.pub",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			more, err := identity.Keys{Trust: args}.Trusted()
			if err != nil {
				return err
			}
			return s.keys(cmd.Context(), "key trust", func(ctx context.Context, k *keyChange) error {
				for _, key := range more {
					if !k.has(key) {
						k.next.Keys = append(k.next.Keys, key)
					}
				}
				return k.send(ctx, "key-trust")
			})
		},
	}
	s.addClusterFlags(cmd)
	return cmd
}

func keyRetire(c *console) *cobra.Command {
	s := &source{console: c}
	force := false
	cmd := &cobra.Command{
		Use:   "retire OLD.pub",
		Short: "have all devices trust a key no longer",
		Long: `retire signs with keys.sign anew what is published and signed with the old key, without changing
what runs, and then sends the fleet the set of keys without it. It refuses while a device has not
taken the last set: it would then trust nobody who signs. With --force such devices are left behind
until somebody has them join again.`,
		Example: "  muster key retire ~/.config/muster/old.pub",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			old, err := identity.Keys{Trust: args}.Trusted()
			if err != nil {
				return err
			}
			return s.keys(cmd.Context(), "key retire", func(ctx context.Context, k *keyChange) error {
				return k.retire(ctx, old[0], force)
			})
		},
	}
	s.addClusterFlags(cmd)
	cmd.Flags().BoolVar(&force, "force", false, "leave behind the devices that have not taken the last set")
	return cmd
}

func keyDevices(c *console) *cobra.Command {
	s := &source{console: c}
	cmd := &cobra.Command{
		Use: "devices", Short: "the keys that devices were told to trust, and which devices have not taken them", Args: noArguments,
		Example: "  muster key devices",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.keys(cmd.Context(), "key devices", func(ctx context.Context, k *keyChange) error {
				if k.last.Generation == 0 {
					_, err := fmt.Fprintln(c.out, "No keys were ever sent: devices trust those they joined with.")
					return err
				}
				var ids []string
				for _, key := range k.last.Keys {
					ids = append(ids, wire.KeyID(key))
				}
				fmt.Fprintf(c.out, "Generation %d: %s\n", k.last.Generation, strings.Join(ids, ", "))
				behind := k.behind()
				if len(behind) == 0 {
					_, err := fmt.Fprintln(c.out, "All devices have taken it.")
					return err
				}
				fmt.Fprintf(c.out, "Not taken by %s:\n", counted(len(behind), "device", "devices"))
				for _, d := range behind {
					fmt.Fprintln(c.out, "  "+d)
				}
				return nil
			})
		},
	}
	s.addClusterFlags(cmd)
	return cmd
}
