package faults_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	natsgo "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/nats"
)

// servers of the cluster.
const servers = 3

// size is how large a fleet is, in sites and devices of each, and in processes of agents.
type size struct {
	sites, each, processes int
	// podman is the socket by which the first process has its devices run containers, if any.
	podman string
	// calm devices say less often that they are there, as real ones.
	calm bool
}

// rig is a fleet of processes.
type rig struct {
	*testing.T
	dir      string
	conn     *natsgo.Conn
	js       jetstream.JetStream
	operator part // connected to the servers straight
	configs  [servers]part
	servers  [servers]*process
	services []*process
	fleet    []part // agents
	agents   []*process
	version  int
	told     int // breaches
	// acting are the executors of the change that is rolled out, planted what is wrong with them.
	acting   []*process
	planted  string
	replicas int // of an operator, which roll out instead of an executor; 0 is that
	// undisked is why there are no disks that can be filled.
	undisked error

	read map[string][]entry // of what the broker stored, by bucket and sequence

	toDevices, toExecutors [servers]*proxy
	routes                 [servers][servers]*proxy // from, to
}

var whole *rig

// usual is the fleet of most tests, which share it: three sites, of each of which one device may be
// down. What each test finds in its history is new.
func usual(t *testing.T) *rig {
	t.Helper()
	if whole == nil {
		s := size{sites: 3, each: 5, processes: 1}
		if soak {
			s.each = 10
		}
		began := time.Now()
		whole = newRig(t, s)
		t.Logf("a fleet that runs version 1 is up after %s", time.Since(began).Round(10*time.Millisecond))
	}
	whole.T, whole.planted, whole.replicas = t, "", 0
	return whole
}

// newRig brings a fleet up that runs version 1.
func newRig(t *testing.T, s size) *rig {
	dir, err := os.MkdirTemp("", "muster-faults-")
	must(t, err)
	ends = append(ends, func() { _ = os.RemoveAll(dir) })
	r := &rig{T: t, dir: dir, read: map[string][]entry{}}
	r.operator = part{Seeds: newSeeds(t)}
	r.cluster()
	r.retry("the buckets", time.Minute, func(ctx context.Context) error { return nats.CreateBuckets(ctx, r.conn) })
	r.retry("three replicas of each", time.Minute, r.replicate)
	for range 2 {
		r.services = append(r.services, r.serve().start(t))
	}
	r.enroll(s)
	for _, p := range r.fleet {
		r.agents = append(r.agents, p.start(t))
	}
	r.retry("devices heard", patience, func(ctx context.Context) error {
		records, err := r.records(ctx)
		for _, d := range records.Devices {
			if err == nil && d.Heard().IsZero() {
				err = errors.New("a device is silent")
			}
		}
		return err
	})
	r.roll(nil)
	return r
}

// cluster starts the servers, each behind proxies, and connects to them.
func (r *rig) cluster() {
	ports := freePorts(r.T, 2*servers)
	var direct []string
	for i := range servers {
		at := fmt.Sprintf("127.0.0.1:%d", ports[i])
		direct = append(direct, "nats://"+at)
		r.toDevices[i], r.toExecutors[i] = newProxy(r.T, at), newProxy(r.T, at)
		for from := range servers {
			r.routes[from][i] = newProxy(r.T, fmt.Sprintf("127.0.0.1:%d", ports[servers+i]))
		}
	}
	r.operator.URLs = strings.Join(direct, ",")
	s := r.operator.Seeds
	accounts := nats.Accounts(nats.PublicKeys{Auth: public(s.Auth), Fleet: public(s.Fleet), System: public(s.System), Issuer: public(s.Issuer), XKey: public(s.XKey)})
	for i := range servers {
		var routes []string
		for to := range servers {
			if to != i {
				routes = append(routes, fmt.Sprintf("%q", "nats://"+r.routes[i][to].at.Addr().String()))
			}
		}
		store := filepath.Join(r.dir, fmt.Sprint("n", i))
		// Routes are advertised at an address where nobody is: none goes past its proxy.
		r.configs[i] = part{Role: "server", Dir: store, Config: fmt.Sprintf(`
server_name: n%d
listen: "127.0.0.1:%d"
jetstream: { store_dir: %q }
cluster: { name: faults, listen: "127.0.0.1:%d", routes: [%s], no_advertise: true, cluster_advertise: "127.0.0.1:9" }
`, i, ports[i], store, ports[servers+i], strings.Join(routes, ", ")) + accounts}
		r.disk(store)
		r.servers[i] = r.configs[i].start(r.T)
	}
	var err error
	r.conn, err = r.operator.connect(r.operator.Seeds.Fleet)
	must(r.T, err)
	ends = append(ends, r.conn.Close)
	r.js, err = jetstream.New(r.conn)
	must(r.T, err)
}

func freePorts(t *testing.T, n int) []int {
	t.Helper()
	var out []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		defer l.Close()
		out = append(out, l.Addr().(*net.TCPAddr).Port)
	}
	return out
}

// through are the URLs of proxies.
func through(proxies [servers]*proxy) string {
	var urls []string
	for _, p := range proxies {
		urls = append(urls, "nats://"+p.at.Addr().String())
	}
	return strings.Join(urls, ",")
}

func (r *rig) serve() part {
	return part{Role: "services", URLs: r.operator.URLs, Seeds: r.operator.Seeds}
}

// replicate has three servers keep each bucket, and the history of the fleet in some.
func (r *rig) replicate(ctx context.Context) error {
	streams := r.js.ListStreams(ctx)
	for s := range streams.Info() {
		s.Config.Replicas = servers
		for _, bucket := range kept {
			if s.Config.Name == "KV_"+bucket {
				s.Config.MaxMsgsPerSubject = 100_000
			}
		}
		if _, err := r.js.UpdateStream(ctx, s.Config); err != nil {
			return err
		}
	}
	return streams.Err()
}

// enroll registers devices, spread over processes.
func (r *rig) enroll(s size) {
	r.fleet = make([]part, s.processes)
	for i := range r.fleet {
		dir := filepath.Join(r.dir, fmt.Sprint("agents", i))
		r.fleet[i] = part{Role: "agents", Dir: dir, URLs: through(r.toDevices), Beat: 2 * time.Second}
		if i == 0 {
			r.fleet[i].Podman = s.podman
		}
		if s.calm {
			r.fleet[i].Beat = 20 * time.Second
		}
		for _, sub := range []string{stateDir, slotDir} {
			must(r.T, os.MkdirAll(filepath.Join(dir, sub), 0o755))
		}
		r.disk(filepath.Join(dir, stateDir))
	}
	for site := range s.sites {
		for n := range s.each {
			p := &r.fleet[(site*s.each+n)%s.processes]
			p.Devices = append(p.Devices, fmt.Sprintf("s%d-%d", site, n))
		}
	}
	r.retry("the registry", time.Minute, func(ctx context.Context) error {
		tr, err := nats.NewTransport(ctx, r.conn)
		if err != nil {
			return err
		}
		for _, p := range r.fleet {
			results, err := tr.Write(ctx, p.registered())
			if err != nil {
				return err
			}
			for _, w := range results {
				if w.Err != nil && !errors.Is(w.Err, executor.ErrMoved) {
					return w.Err
				}
			}
		}
		return nil
	})
}

func (r *rig) devices() []string {
	var all []string
	for _, p := range r.fleet {
		all = append(all, p.Devices...)
	}
	return all
}

func (r *rig) records(ctx context.Context) (executor.Records, error) {
	tr, err := nats.NewTransport(ctx, r.conn)
	if err != nil {
		return executor.Records{}, err
	}
	return tr.Read(ctx)
}

func (r *rig) retry(what string, within time.Duration, do func(context.Context) error) {
	r.Helper()
	for end := time.Now().Add(within); ; time.Sleep(100 * time.Millisecond) {
		err := do(r.Context()) // each request has a limit of its own
		if err == nil {
			return
		}
		if time.Now().After(end) {
			r.Fatalf("%s: not within %s: %v", what, within, err)
		}
	}
}
