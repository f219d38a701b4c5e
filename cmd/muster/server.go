package main

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/identity"
)

func serverCommand(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "server",
		Short: "set up, run, check, back up and restore the fleet's side on one machine",
		Long: `server is the fleet's side on one machine: the broker with JetStream, the callout that decides who
connects, the hub for devices, the office for people, the desk for devices that join, an issuer of
tokens unless another one is named, and the operator that applies the World.

  muster server up       make this machine the server, as units of systemd; --dry-run shows the difference
  muster server check    find out whether each part does what it is there for
  muster server backup   write records, keys and configuration to one file, while the fleet goes on
  muster server restore  bring a server back from such a file
  muster server run      what the unit runs

To upgrade: back up, then run server up with the new binary, which shows what changes, and check. The
old binary's server up goes back. For a cluster of brokers see muster kube and --nats.`,
		Args: knownVerb,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(serverUp(c), serverCheck(c), serverBackup(c), serverRestore(c), serverRun(c))
	return cmd
}

// serverShape is what a server is: where it listens, under which name others reach it, and who
// issues tokens. The unit has it as flags, so that a difference is seen.
type serverShape struct {
	name          string
	listen        string
	issuerListen  string
	cert, key     string
	issuer        string
	audience      string
	client        string
	introspectKey string
	registrarKey  string
}

// serverAudience is who the tokens of the server's own issuer are for.
const serverAudience = "muster"

func (s *serverShape) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.name, "name", "", "`HOST` by which devices and people reach this machine (default: the host of --listen)")
	f.StringVar(&s.listen, "listen", "127.0.0.1:4222", "`ADDRESS` of the broker")
	f.StringVar(&s.issuerListen, "issuer-listen", "127.0.0.1:4280", "`ADDRESS` of the issuer, unless --issuer names another")
	f.StringVar(&s.cert, "tls-cert", "", "`FILE` of the certificate for --name, in PEM")
	f.StringVar(&s.key, "tls-key", "", "`FILE` of its key")
	f.StringVar(&s.issuer, "issuer", "", "`URL` of another issuer, such as Zitadel")
	f.StringVar(&s.audience, "audience", "", "who the tokens of --issuer are for: at Zitadel the `ID` of the project")
	f.StringVar(&s.client, "client-id", "", "`ID` of the application at --issuer that people sign in to")
	f.StringVar(&s.introspectKey, "introspect-key", "", "`FILE` of the key with which --issuer is asked about opaque tokens")
	f.StringVar(&s.registrarKey, "registrar-key", "", "`FILE` of the key of a service account that enters devices at Zitadel")
	cmd.MarkFlagsRequiredTogether("tls-cert", "tls-key")
}

// check refuses what cannot work, or would give tokens away.
func (s *serverShape) check() error {
	host, _, err := net.SplitHostPort(s.listen)
	if err != nil {
		return fmt.Errorf("--listen %s: %w", s.listen, err)
	}
	if _, _, err := net.SplitHostPort(s.issuerListen); err != nil {
		return fmt.Errorf("--issuer-listen %s: %w", s.issuerListen, err)
	}
	s.name = cmp.Or(s.name, host)
	if ip := net.ParseIP(s.name); s.name == "" || ip != nil && ip.IsUnspecified() || strings.ContainsAny(s.name, ":/ ") && ip == nil {
		return fmt.Errorf("--name %q: want the name by which others reach this machine", s.name)
	}
	if (s.issuer == "") != (s.audience == "") {
		return errors.New("--issuer and --audience go together")
	}
	if s.issuer == "" && (s.client != "" || s.introspectKey != "" || s.registrarKey != "") {
		return errors.New("--client-id, --introspect-key and --registrar-key are about an issuer that --issuer names")
	}
	if s.issuer != "" {
		if u, err := url.Parse(s.issuer); err != nil || u.Host == "" {
			return fmt.Errorf("--issuer %q: want a URL", s.issuer)
		}
	}
	return nil
}

// open reports whether others reach the broker, with nothing that keeps its traffic to itself.
func (s *serverShape) open() bool {
	host, _, _ := net.SplitHostPort(s.listen)
	ip := net.ParseIP(host)
	return s.cert == "" && host != "localhost" && (ip == nil || !ip.IsLoopback())
}

func (s *serverShape) tls() (*tls.Config, error) {
	if s.cert == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(s.cert, s.key)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

func (s *serverShape) at(scheme, tlsScheme, listen string) string {
	if s.cert != "" {
		scheme = tlsScheme
	}
	_, port, _ := net.SplitHostPort(listen)
	return scheme + "://" + net.JoinHostPort(s.name, port)
}

// brokerURL is what devices and people connect to, and issuerURL where they get their tokens.
func (s *serverShape) brokerURL() string { return s.at("nats", "tls", s.listen) }

func (s *serverShape) issuerURL() string {
	return cmp.Or(s.issuer, s.at("http", "https", s.issuerListen))
}

// oidc is the issuer as the configuration has it.
func (s *serverShape) oidc() identity.OIDC {
	if s.issuer == "" {
		return identity.OIDC{Issuer: s.issuerURL(), Audience: serverAudience}
	}
	return identity.OIDC{Issuer: s.issuer, Audience: s.audience, ClientID: s.client, IntrospectKeyFile: s.introspectKey}
}

// args are the flags that say all that again.
func (s *serverShape) args() []string {
	var out []string
	for _, f := range []struct{ name, value string }{{"name", s.name}, {"listen", s.listen}, {"issuer-listen", s.issuerListen},
		{"tls-cert", s.cert}, {"tls-key", s.key}, {"issuer", s.issuer}, {"audience", s.audience}, {"client-id", s.client},
		{"introspect-key", s.introspectKey}, {"registrar-key", s.registrarKey}} {
		if f.value != "" && !(f.name == "issuer-listen" && s.issuer != "") {
			out = append(out, "--"+f.name, f.value)
		}
	}
	return out
}
