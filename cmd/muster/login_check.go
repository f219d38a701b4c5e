package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/enroll/desk/zitadel"
	"github.com/musterfleet/muster/identity/oidc"
	"github.com/musterfleet/muster/identity/oidc/machine"
)

// checking is the flags of muster login check.
type checking struct {
	console   *console
	config    string
	oidc      identity.OIDC // what flags say
	registrar bool
	format    string
}

func loginCheckCommand(c *console) *cobra.Command {
	k := &checking{console: c}
	cmd := &cobra.Command{
		Use:   "check [URL]",
		Short: "try at an issuer, such as a Zitadel, all that a fleet needs of it",
		Long: `check asks the issuer at URL, or that of the configuration, for its endpoints and keys, gets a token
by the key file, verifies it as the broker does, says who it is and what that allows, and asks the
issuer about it and about a made-up one. What is not configured is skipped. Exit code 1 where
something fails.`,
		Example: `  muster login check
  muster login check https://acme.zitadel.cloud --audience 69234237810729019 --key-file account.json
  muster login check https://acme.zitadel.cloud --audience 69234237810729019 --key-file admin.json --registrar`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				k.oidc.Issuer = args[0]
			}
			return k.run(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.StringVar(&k.config, "config", "", "`FILE` that says how to reach the fleet (default $MUSTER_CONFIG)")
	f.StringVar(&k.oidc.Audience, "audience", "", "`ID` of the project at Zitadel (default oidc.audience)")
	f.StringVar(&k.oidc.KeyFile, "key-file", "", "key `FILE` of a service account (default oidc.key_file)")
	f.StringVar(&k.oidc.IntrospectKeyFile, "introspect-key-file", "", "key `FILE` of an application of type API (default oidc.introspect_key_file)")
	f.BoolVar(&k.registrar, "registrar", false, "also see whether the account may register devices at Zitadel")
	f.StringVarP(&k.format, "output", "o", "text", "text or json")
	return cmd
}

func (k *checking) run(ctx context.Context) error {
	if k.format != "text" && k.format != "json" {
		return fmt.Errorf("-o %s: want text or json", k.format)
	}
	config, err := identity.Load(cmp.Or(k.config, os.Getenv("MUSTER_CONFIG")), os.Getenv)
	if err != nil {
		return err
	}
	o := &config.OIDC
	o.Issuer, o.Audience = cmp.Or(k.oidc.Issuer, o.Issuer), cmp.Or(k.oidc.Audience, o.Audience)
	o.KeyFile, o.IntrospectKeyFile = cmp.Or(k.oidc.KeyFile, o.KeyFile), cmp.Or(k.oidc.IntrospectKeyFile, o.IntrospectKeyFile)
	if o.Issuer == "" || o.Audience == "" {
		return errors.New("login check: which issuer and audience? Give URL and --audience, or set oidc.issuer and oidc.audience")
	}
	findings := oidc.Probe(ctx, *o, tokenToTry(ctx, config))
	if k.registrar {
		findings = append(findings, mayRegister(ctx, *o))
	}
	failed := 0
	for _, f := range findings {
		if f.Outcome == oidc.Fails {
			failed++
		}
	}
	if err := k.print(findings); err != nil {
		return err
	}
	if failed > 0 {
		return fmt.Errorf("login check: %d of %d fail", failed, len(findings))
	}
	return nil
}

// tokenToTry is how to get the token that is tried, or nil.
func tokenToTry(ctx context.Context, config identity.Config) func() (string, error) {
	if config.OIDC.KeyFile != "" {
		return func() (string, error) {
			source, err := machine.ByKey(config.OIDC)
			if err != nil {
				return "", err
			}
			return source.Token()
		}
	}
	if path, err := sessionFile(config.OIDC.Issuer); err == nil {
		if s, err := oidc.Current(ctx, config.OIDC, path); err == nil {
			return func() (string, error) { return s.Access, nil }
		}
	}
	return nil
}

// mayRegister asks Zitadel's management API for what every account may know that may use it.
func mayRegister(ctx context.Context, o identity.OIDC) oidc.Finding {
	f := oidc.Finding{What: "registrar", Outcome: oidc.Fails}
	o.Scopes = zitadel.Scopes
	source, err := machine.ByKey(o)
	if err != nil {
		f.Said = err.Error()
		return f
	}
	name, err := (&zitadel.Registrar{URL: o.Issuer, Project: o.Audience, Token: source.Token}).Organisation(ctx)
	if err != nil {
		f.Said = err.Error()
		return f
	}
	f.Outcome, f.Said = oidc.Works, "devices become service accounts of organisation "+name
	return f
}

func (k *checking) print(findings []oidc.Finding) error {
	if k.format == "json" {
		return indented(k.console, findings)
	}
	var rows [][]string
	for _, f := range findings {
		rows = append(rows, []string{f.What, string(f.Outcome), f.Said})
	}
	return table(k.console.out, []string{"TRIED", "OUTCOME", "FOUND"}, rows)
}
