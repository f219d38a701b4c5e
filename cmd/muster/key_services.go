package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	natsgo "github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/identity"
)

// The seeds in a directory of services, and what the broker includes.
const (
	authSeed     = "auth.nk"
	fleetSeed    = "fleet.nk"
	systemSeed   = "system.nk"
	issuerSeed   = "issuer.nk"
	xkeySeed     = "xkey.nk"
	accountsFile = "accounts.conf"
)

func keyServices(c *console) *cobra.Command {
	return &cobra.Command{
		Use:   "services DIR",
		Short: "make what muster serve acts by on a broker of your own, and the broker's part of it",
		Long: `services writes seeds into DIR, which only you can read, and accounts.conf, which holds no secret:
the accounts of the fleet, and who decides about connections. Each server of the cluster includes it,
beside its ports, its storage and its routes, which are yours to say. DIR is for services.keys of the
configuration of muster serve, which then runs hub, office, desk and callout. Seeds that are there stay.`,
		Example: `  muster key services /etc/muster/services
  echo 'include /etc/muster/services/accounts.conf' >> nats.conf
  muster serve -w worlds/shop --config serve.toml`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			public, err := makeServiceKeys(args[0])
			if err != nil {
				return fmt.Errorf("key: %w", err)
			}
			path := filepath.Join(args[0], accountsFile)
			if err := writeFile(path, []byte(nats.Accounts(public)), 0o644); err != nil {
				return fmt.Errorf("key: %w", err)
			}
			_, err = fmt.Fprintf(c.out, "seeds in %s (secret, for services.keys) and %s (for the broker to include)\n", args[0], path)
			return err
		},
	}
}

// makeServiceKeys makes the seeds that are missing, and gives the public keys of all.
func makeServiceKeys(dir string) (nats.PublicKeys, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nats.PublicKeys{}, err
	}
	var k nats.PublicKeys
	for _, seed := range []struct {
		file   string
		create func() (nkeys.KeyPair, error)
		public *string
	}{{authSeed, nkeys.CreateUser, &k.Auth}, {fleetSeed, nkeys.CreateUser, &k.Fleet}, {systemSeed, nkeys.CreateUser, &k.System},
		{issuerSeed, nkeys.CreateAccount, &k.Issuer}, {xkeySeed, nkeys.CreateCurveKeys, &k.XKey}} {
		path := filepath.Join(dir, seed.file)
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			pair, err := seed.create()
			if err != nil {
				return nats.PublicKeys{}, err
			}
			text, err := pair.Seed()
			if err != nil {
				return nats.PublicKeys{}, err
			}
			if err := os.WriteFile(path, append(text, '\n'), 0o600); err != nil {
				return nats.PublicKeys{}, err
			}
		}
		pair, err := readSeed(path)
		if err != nil {
			return nats.PublicKeys{}, err
		}
		if *seed.public, err = pair.PublicKey(); err != nil {
			return nats.PublicKeys{}, fmt.Errorf("%s: %w", path, err)
		}
	}
	return k, nil
}

// readSeed reads a seed that nobody else may read.
func readSeed(path string) (nkeys.KeyPair, error) {
	text, err := identity.ReadSecret(path)
	if err != nil {
		return nil, err
	}
	if kind, _, err := nkeys.DecodeSeed(trimmed(text)); err == nil && kind == nkeys.PrefixByteCurve {
		return nkeys.FromCurveSeed(trimmed(text))
	}
	pair, err := nkeys.FromSeed(trimmed(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return pair, nil
}

// bySeed connects as the user whose seed that is.
func bySeed(url, path string, more ...natsgo.Option) (*natsgo.Conn, error) {
	pair, err := readSeed(path)
	if err != nil {
		return nil, err
	}
	public, err := pair.PublicKey()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	opts := append([]natsgo.Option{natsgo.Nkey(public, pair.Sign), natsgo.MaxReconnects(-1), natsgo.IgnoreAuthErrorAbort(), natsgo.Timeout(reachWithin)}, more...)
	conn, err := natsgo.Connect(url, opts...)
	if err != nil && awaits(err) {
		return nil, unreached(url, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s as the user of %s: %w; does the broker include %s?", url, path, err, accountsFile)
	}
	return conn, nil
}
