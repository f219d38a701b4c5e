package faults_test

import (
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	natsgo "github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// part is what a process of the fleet is to be; it comes in a variable of the environment.
type part struct {
	Role string
	// Dir is where the part keeps what it needs: a server its store, agents their memory and their
	// diary, an executor its diary.
	Dir string
	// Config is a server's.
	Config string
	// URLs are where to connect.
	URLs  string
	Seeds seeds
	// Devices are those that agents run, each heard every Beat; Podman is the socket by which they
	// run containers, if any.
	Devices []string
	Beat    time.Duration
	Podman  string
	// Version is the one that an executor rolls out.
	Version int
	// Bug is what was planted in the part.
	Bug string
}

// Bugs that a part can have.
const (
	startsFirst = "an agent starts before it stops"
	noBudget    = "an executor ignores its budget"
	noFence     = "an executor ignores who was faster"
	noWaves     = "an executor ignores its waves"
)

const variable = "MUSTER_FAULTS_PART"

// key signs for the fleet; it is no secret here.
var (
	key  = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	ring = wire.NewKeyring(key.Public().(ed25519.PublicKey))
	web  = algebra.MustApp("web")
)

// ends are what is to be done when all tests are over: they share a fleet.
var ends []func()

func TestMain(m *testing.M) {
	text := os.Getenv(variable)
	if text == "" {
		code := m.Run()
		for _, end := range slices.Backward(ends) {
			end()
		}
		os.Exit(code)
	}
	var p part
	err := json.Unmarshal([]byte(text), &p)
	if err == nil {
		err = map[string]func() error{"server": p.server, "services": p.services, "agents": p.agents, "executor": p.executor, "replica": p.replica}[p.Role]()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, p.Role+":", err)
		os.Exit(1)
	}
}

// process is a part that runs.
type process struct {
	*exec.Cmd
	ended chan struct{}
	err   error // once it has ended
}

// start runs a part. It ends with the test's process, whatever becomes of that.
func (p part) start(t *testing.T) *process {
	t.Helper()
	text, err := json.Marshal(p)
	must(t, err)
	c := &process{Cmd: exec.Command(os.Args[0]), ended: make(chan struct{})}
	c.Env = append(os.Environ(), variable+"="+string(text))
	c.Stderr = os.Stderr
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	must(t, c.Start())
	go func() { c.err = c.Wait(); close(c.ended) }()
	ends = append(ends, c.kill)
	return c
}

// kill is kill -9.
func (c *process) kill() {
	_ = c.Process.Kill()
	<-c.ended
}

// freeze has a process stand still for a while: alive, and deaf.
func (c *process) freeze(while time.Duration) {
	_ = c.Process.Signal(syscall.SIGSTOP)
	time.Sleep(while)
	_ = c.Process.Signal(syscall.SIGCONT)
}

// server is a NATS server, with its log beside its store.
func (p part) server() error {
	opts := &server.Options{NoSigs: true, LogFile: p.Dir + ".log"}
	if err := opts.ProcessConfigString(p.Config); err != nil {
		return err
	}
	s, err := server.NewServer(opts)
	if err != nil {
		return err
	}
	s.ConfigureLogger()
	s.Start()
	s.WaitForShutdown()
	return nil
}

// seeds are the keys that services act by.
type seeds struct{ Auth, Fleet, System, Issuer, XKey string }

// pair is a key by its seed.
func pair(seed string) nkeys.KeyPair {
	k, err := nkeys.FromSeed([]byte(seed))
	if err != nil {
		k, err = nkeys.FromCurveSeed([]byte(seed))
	}
	if err != nil {
		panic(err) // they are made in newSeeds
	}
	return k
}

func newSeeds(t *testing.T) seeds {
	t.Helper()
	var s seeds
	for _, one := range []struct {
		create func() (nkeys.KeyPair, error)
		seed   *string
	}{{nkeys.CreateUser, &s.Auth}, {nkeys.CreateUser, &s.Fleet}, {nkeys.CreateUser, &s.System}, {nkeys.CreateAccount, &s.Issuer}, {nkeys.CreateCurveKeys, &s.XKey}} {
		k, err := one.create()
		must(t, err)
		seed, err := k.Seed()
		must(t, err)
		*one.seed = string(seed)
	}
	return s
}

func public(seed string) string {
	text, err := pair(seed).PublicKey()
	if err != nil {
		panic(err) // a seed has both halves
	}
	return text
}

// connect connects as the user of a seed, and for ever.
func (p part) connect(seed string) (*natsgo.Conn, error) {
	return natsgo.Connect(p.URLs, natsgo.Nkey(public(seed), pair(seed).Sign), natsgo.MaxReconnects(-1), natsgo.ReconnectWait(100*time.Millisecond),
		natsgo.RetryOnFailedConnect(true), natsgo.IgnoreAuthErrorAbort())
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
