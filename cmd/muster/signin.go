package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/oidc"
	"github.com/musterfleet/muster/identity/oidc/machine"
)

// sessionFile is where a person's sign-in with an issuer is kept.
func sessionFile(issuer string) (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("no directory for the session: %w", err)
	}
	sum := sha256.Sum256([]byte(issuer))
	return filepath.Join(dir, "muster", "session-"+hex.EncodeToString(sum[:6])+".json"), nil
}

// shownToken is what the broker is shown: the token of the person who is signed in, or else of
// the machine.
func shownToken(ctx context.Context, config identity.Config) (string, error) {
	if config.OIDC.Issuer != "" && config.OIDC.ClientID != "" {
		path, err := sessionFile(config.OIDC.Issuer)
		if err == nil {
			s, err := oidc.Current(ctx, config.OIDC, path)
			if err == nil || !errors.Is(err, oidc.ErrNoSession) {
				return s.Access, err
			}
		}
	}
	token, err := machine.Tokens(config)
	if err != nil {
		return "", err
	}
	text, _, err := token()
	return text, err
}

// holder names whose token is shown, for an error.
func holder(config identity.Config) string {
	if config.OIDC.KeyFile != "" {
		return config.OIDC.KeyFile
	}
	if config.NATS.TokenFile != "" {
		return config.NATS.TokenFile
	}
	return "nobody (set oidc.key_file or nats.token_file, or run muster login)"
}

// signing is the flags of login, logout and whoami.
type signing struct {
	console *console
	config  string
}

func (s *signing) load() (identity.Config, string, error) {
	source := source{config: s.config}
	config, err := source.configuration()
	if err != nil {
		return config, "", err
	}
	if config.OIDC.Issuer == "" {
		return config, "", errors.New("no issuer is configured; set oidc.issuer, or MUSTER_CONFIG to what muster dev printed")
	}
	path, err := sessionFile(config.OIDC.Issuer)
	return config, path, err
}

func loginCommand(c *console) *cobra.Command {
	s := &signing{console: c}
	cmd := &cobra.Command{
		Use:   "login",
		Short: "sign in at the fleet's issuer, in a browser on whatever machine",
		Long: `login prints an address and a code. Open the address in a browser, on this machine or another,
compare the code, and sign in there; the terminal goes on by itself. The session is kept in a
file that only you can read, is refreshed as it ends, and goes before the key file of the
configuration.`,
		Example: "  muster login\n  muster whoami\n  muster logout",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, path, err := s.load()
			if err != nil {
				return err
			}
			session, err := oidc.Login(cmd.Context(), config.OIDC, func(p oidc.Prompt) {
				fmt.Fprintf(c.errw, "Open %s\nand see that it shows the code %s. Waiting until %s.\n", p.Address, p.Code, p.Until.Local().Format(time.TimeOnly))
			})
			if err != nil {
				return err
			}
			who, err := verified(cmd.Context(), config.OIDC, session.Access)
			if err != nil {
				return fmt.Errorf("signed in, but this fleet does not know you: %w", err)
			}
			if err := session.Save(path); err != nil {
				return err
			}
			fmt.Fprintf(c.out, "Signed in as %s: %s.\n", who.Name(), grantsText(who))
			return nil
		},
	}
	cmd.Flags().StringVar(&s.config, "config", "", "`FILE` that says how to reach the fleet (default $MUSTER_CONFIG)")
	cmd.AddCommand(loginCheckCommand(c))
	return cmd
}

func logoutCommand(c *console) *cobra.Command {
	s := &signing{console: c}
	cmd := &cobra.Command{
		Use: "logout", Short: "forget the session of this machine", Example: "  muster logout", Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			_, path, err := s.load()
			if err != nil {
				return err
			}
			switch err := os.Remove(path); {
			case errors.Is(err, fs.ErrNotExist):
				c.note("", "nobody was signed in")
			case err != nil:
				return err
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&s.config, "config", "", "`FILE` that says how to reach the fleet (default $MUSTER_CONFIG)")
	return cmd
}

func whoamiCommand(c *console) *cobra.Command {
	s := &signing{console: c}
	var format string
	cmd := &cobra.Command{
		Use: "whoami", Short: "say who the fleet takes you for, and what that allows", Example: "  muster whoami\n  muster whoami -o json", Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, _, err := s.load()
			if err != nil {
				return err
			}
			token, err := shownToken(cmd.Context(), config)
			if err != nil {
				return err
			}
			p, err := verified(cmd.Context(), config.OIDC, token)
			if err != nil {
				return err
			}
			switch format {
			case "json":
				return indented(c, map[string]any{"user": p.User().String(), "name": p.Name(), "issuer": p.Issuer(), "grants": grantTexts(p), "until": p.Until().UTC()})
			case "text":
				fmt.Fprintf(c.out, "%s (%s at %s): %s, until %s\n", p.Name(), p.User(), p.Issuer(), grantsText(p), p.Until().Local().Format(time.TimeOnly))
				return nil
			}
			return fmt.Errorf("-o %s: want text or json", format)
		},
	}
	cmd.Flags().StringVar(&s.config, "config", "", "`FILE` that says how to reach the fleet (default $MUSTER_CONFIG)")
	cmd.Flags().StringVarP(&format, "output", "o", "text", "text or json")
	return cmd
}

// verified is who a token is, by the issuer's keys.
func verified(ctx context.Context, o identity.OIDC, token string) (identity.Principal, error) {
	v, err := oidc.NewVerifier(o)
	if err != nil {
		return identity.Principal{}, err
	}
	return v.Verify(ctx, identity.Claimed{Token: token})
}

func grantTexts(p identity.Principal) []string {
	texts := []string{}
	for _, g := range p.Grants() {
		texts = append(texts, g.String())
	}
	return texts
}

func grantsText(p identity.Principal) string { return strings.Join(grantTexts(p), ", ") }
