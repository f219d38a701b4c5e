package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/identity"
)

func keyCommand(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "key",
		Short: "make keys to sign with, and have devices change over to them",
		Args:  knownVerb,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "create NAME",
		Short: "write a new key pair to NAME.key, which only you can read, and NAME.pub",
		Long: `create makes an ed25519 key pair. NAME.key is for keys.sign of your own configuration. NAME.pub is
for keys.trust of everybody who is to take your word: the devices, for what you deploy, and who
applies plans, for what you approve.`,
		Example: "  muster key create ~/.config/muster/ana",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			private, public := args[0]+".key", args[0]+".pub"
			for _, f := range []string{private, public} {
				if _, err := os.Lstat(f); err == nil {
					return fmt.Errorf("key: %s is there already, and a lost key cannot be made again; take another name", f)
				}
			}
			if err := identity.CreateKeys(private, public); err != nil {
				return err
			}
			_, err := fmt.Fprintf(c.out, "%s (secret) and %s (for keys.trust)\n", private, public)
			return err
		},
	})
	cmd.AddCommand(keyTrust(c), keyRetire(c), keyDevices(c), keyServices(c))
	return cmd
}
