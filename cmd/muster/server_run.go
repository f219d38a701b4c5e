package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/devissuer"
	"github.com/musterfleet/muster/identity/enroll/desk"
	"github.com/musterfleet/muster/identity/enroll/desk/zitadel"
	"github.com/musterfleet/muster/identity/oidc/machine"
)

// serverState is where a server keeps its records, keys and configurations.
const serverState = "/var/lib/muster-server"

// tokenLife is how long a token of the server's own issuer counts.
const tokenLife = 10 * time.Minute

func serverRun(c *console) *cobra.Command {
	var shape serverShape
	dir := serverState
	cmd := &cobra.Command{
		Use:   "run",
		Short: "run the fleet's side in the foreground, until it is ended by a signal",
		Long: `run is what the unit of muster server up runs. Everything is kept in one directory:

  operator.key, .pub      what desired states are signed with, made once
  config.toml             how an operator reaches the fleet; viewer.toml and enroller.toml may less
  operator.json …         their keys at the server's own issuer
  issuer/                 its accounts and keys
  jetstream/              the records

The server's own issuer gives tokens to those that have a key: devices and these three. People sign in
where --issuer says; without it they share the key files.`,
		Example: `  muster server run --dir server
  muster server run --name hub.example --listen 0.0.0.0:4222 --issuer-listen 0.0.0.0:4280 --tls-cert hub.crt --tls-key hub.key`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := runServer(cmd.Context(), c, dir, shape); err != nil {
				return fmt.Errorf("server: %w", err)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&dir, "dir", dir, "`DIR` to keep everything in")
	shape.add(cmd)
	return cmd
}

func runServer(ctx context.Context, c *console, path string, s serverShape) error {
	if err := s.check(); err != nil {
		return err
	}
	show, err := s.tls()
	if err != nil {
		return err
	}
	dir, err := openDevDir(path)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(c.errw, nil))
	if s.open() {
		log.Warn("tokens go over the network as they are; give --tls-cert and --tls-key, or listen on loopback", "listen", s.listen)
	}
	p := parts{oidc: s.oidc(), log: log}
	if p.trust, err = os.ReadFile(dir.at("operator.pub")); err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(s.listen)
	if err != nil {
		return err
	}
	p.broker = nats.ServerConfig{Dir: dir.at("jetstream"), Host: host, TLS: show}
	if p.broker.Port, err = strconv.Atoi(port); err != nil {
		return fmt.Errorf("--listen %s: %w", s.listen, err)
	}
	if s.issuer == "" {
		i, err := devissuer.Start(devissuer.Config{Dir: dir.at("issuer"), Addr: s.issuerListen, URL: s.issuerURL(), TLS: show, Audience: serverAudience, Life: tokenLife})
		if err != nil {
			return err
		}
		defer i.Stop()
		if err := dir.staffKeys(i, "muster-"); err != nil {
			return err
		}
		p.registrar = registrar{i}
	} else if s.registrarKey != "" {
		p.registrar, err = s.zitadel()
		if err != nil {
			return err
		}
	}
	fleet, err := compose(ctx, p)
	if err != nil {
		return err
	}
	defer fleet.stop()
	// The configuration comes last: who sees it can use the fleet.
	if err := dir.configure(s.brokerURL(), p.oidc); err != nil {
		return err
	}
	log.Info("the fleet's side runs", "broker", s.brokerURL(), "issuer", s.issuerURL(), "config", dir.at("config.toml"))
	<-ctx.Done()
	return nil
}

// zitadel enters devices that joined at Zitadel.
func (s *serverShape) zitadel() (desk.Registrar, error) {
	token, err := machine.ByKey(identity.OIDC{Issuer: s.issuer, Audience: s.audience, KeyFile: s.registrarKey, Scopes: zitadel.Scopes})
	if err != nil {
		return nil, fmt.Errorf("--registrar-key: %w", err)
	}
	return &zitadel.Registrar{URL: s.issuer, Project: s.audience, Token: func() (string, error) {
		text, _, err := token.Fresh()
		return text, err
	}}, nil
}
