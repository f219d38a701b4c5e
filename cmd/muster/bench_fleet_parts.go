package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/agent/inprocess"
	agentnats "github.com/musterfleet/muster/agent/nats"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/invented"
	"github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/callout"
)

// fleetPart is one process of muster bench fleet: the broker, or some of the devices. It learns
// what to do from its standard input, prints where it listens once it is ready, and ends when its
// input does, so that none outlives who started it.
type fleetPart struct {
	// Dir and Port are the broker's; a broker with a port comes back where it was.
	Dir  string `json:"dir,omitempty"`
	Port int    `json:"port,omitempty"`
	// From and To are the numbers of the devices, URL is their broker.
	From   int    `json:"from,omitempty"`
	To     int    `json:"to,omitempty"`
	URL    string `json:"url,omitempty"`
	Shared bool   `json:"shared,omitempty"`
	// Trust is the operator's public key; Secret is what tokens are made of.
	Trust  ed25519.PublicKey `json:"trust,omitempty"`
	Secret []byte            `json:"secret"`
}

// fleetPartCommand is how muster bench fleet calls itself for its parts.
func fleetPartCommand(c *console) *cobra.Command {
	return &cobra.Command{
		Use:    "part",
		Hidden: true,
		Args:   noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			in := bufio.NewReader(c.in)
			line, err := in.ReadBytes('\n')
			if err != nil {
				return fmt.Errorf("bench part: it is a part of muster bench fleet: %w", err)
			}
			var p fleetPart
			if err := json.Unmarshal(line, &p); err != nil {
				return fmt.Errorf("bench part: %w", err)
			}
			ctx, cancel := context.WithCancel(cmd.Context())
			go func() {
				_, _ = io.Copy(io.Discard, in)
				cancel()
			}()
			switch {
			case p.URL == "":
				return p.broker(ctx, c.out)
			case p.Shared:
				return p.players(ctx, c.out)
			}
			return p.agents(ctx, c.out)
		},
	}
}

// token is what a device, or the operator if it has no name, shows to the broker of a bench.
func (p fleetPart) token(device string) string {
	mac := hmac.New(sha256.New, p.Secret)
	mac.Write([]byte(device))
	return device + ":" + hex.EncodeToString(mac.Sum(nil))
}

func (p fleetPart) authorize(_ context.Context, token string) (callout.Admission, error) {
	name, _, _ := strings.Cut(token, ":")
	if !hmac.Equal([]byte(token), []byte(p.token(name))) {
		return callout.Admission{}, errors.New("not a token of this bench")
	}
	if name == "" {
		return callout.Admission{Role: identity.Operator, Name: "operator"}, nil
	}
	id, err := algebra.ParseDeviceID(name)
	return callout.Admission{Role: identity.Device, Device: id, Name: name}, err
}

// broker is a NATS server with the accounts, the callout and the buckets of a fleet.
func (p fleetPart) broker(ctx context.Context, out io.Writer) error {
	s, err := nats.Start(nats.ServerConfig{Dir: p.Dir, Port: p.Port, Authorize: p.authorize})
	if err != nil {
		return err
	}
	defer s.Stop()
	nc, err := s.Connect()
	if err != nil {
		return err
	}
	defer nc.Close()
	if err := nats.CreateBuckets(ctx, nc); err != nil {
		return err
	}
	fmt.Fprintln(out, s.URL())
	<-ctx.Done()
	return nil
}

// agents are real agents, each on a connection of its own, with a runtime that only remembers.
func (p fleetPart) agents(ctx context.Context, out io.Writer) error {
	keys := wire.NewKeyring(p.Trust)
	var running sync.WaitGroup
	defer running.Wait()
	for n := p.From; n < p.To; n++ {
		d := invented.Device(n)
		token := p.token(d.ID.String())
		link, err := agentnats.Connect(agentnats.Config{URL: p.URL, Device: d.ID, Token: func() (string, time.Time) { return token, time.Time{} }})
		if err != nil {
			return err
		}
		facts := d.Facts
		a := &agent.Agent{Device: d.ID, Link: link, Runtime: &inprocess.Runtime{}, Keys: keys, Log: slog.New(slog.DiscardHandler),
			Facts: func() map[string]string { return facts }}
		running.Go(func() {
			defer link.Close()
			_ = a.Run(ctx) // it fails only on what is missing above
		})
	}
	fmt.Fprintln(out, p.To-p.From)
	return nil
}

// child is a running part.
type child struct {
	cmd   *exec.Cmd
	stdin io.Closer
	said  bytes.Buffer
}

// start runs a part as a process and returns what it printed when it was ready.
func (p fleetPart) start() (*child, string, error) {
	self, err := exec.LookPath(os.Args[0])
	if err != nil {
		return nil, "", err
	}
	c := &child{cmd: exec.Command(self, "bench", "part")}
	c.cmd.Stderr = &c.said
	in, err := c.cmd.StdinPipe()
	if err != nil {
		return nil, "", err
	}
	c.stdin = in
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, "", err
	}
	order, err := json.Marshal(p)
	if err == nil {
		_, err = in.Write(append(order, '\n'))
	}
	if err != nil {
		return nil, "", errors.Join(err, c.end())
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		_ = c.end()
		return nil, "", fmt.Errorf("a process of the bench ended: %s", strings.TrimSpace(c.said.String()))
	}
	return c, strings.TrimSpace(line), nil
}

// end has a part end, and waits for it.
func (c *child) end() error {
	_ = c.stdin.Close()
	ended := make(chan error, 1)
	go func() { ended <- c.cmd.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-time.After(30 * time.Second):
		return c.kill()
	}
}

// kill ends a part as a lost machine does.
func (c *child) kill() error {
	_ = c.stdin.Close()
	err := c.cmd.Process.Kill()
	_ = c.cmd.Wait()
	return err
}

// resident is the memory of a process in bytes, 0 where the system does not tell.
func resident(pid int) uint64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			var kb uint64
			_, _ = fmt.Sscan(rest, &kb)
			return kb << 10
		}
	}
	return 0
}
