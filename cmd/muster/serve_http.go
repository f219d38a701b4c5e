package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/executor/operator"
)

// endpoint is where an operator is looked at, and its start.
type endpoint struct {
	listen string
	pprof  bool
}

func (e *endpoint) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&e.listen, "listen", "127.0.0.1:9464", "`ADDRESS` of health, status and metrics; off for none")
	cmd.Flags().BoolVar(&e.pprof, "pprof", false, "serve /debug/pprof there too")
}

// serve answers until stop.
func (e *endpoint) serve(o seen, m *meters, log *slog.Logger) (stop func(), err error) {
	if e.listen == "off" {
		return func() {}, nil
	}
	l, err := net.Listen("tcp", e.listen)
	if err != nil {
		return nil, fmt.Errorf("--listen %s: %w; name another address, or off", e.listen, err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { told(w, alive(o)) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { told(w, ready(o.Status())) })
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(o.Status()) // who hung up wants no more of it
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	if e.pprof {
		mux.HandleFunc("/debug/pprof/", pprof.Index)
		mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	}
	s := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	go func() {
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			log.Error("health and metrics are gone", "error", err)
		}
	}()
	log.Info("listening", "address", l.Addr().String())
	return func() { _ = s.Close() }, nil
}

// check is one thing that health depends on, and what there is to say of it.
type check struct {
	name string
	ok   bool
	why  string
}

// told writes checks a line each, as Kubernetes does, with status 503 if one is not ok.
func told(w http.ResponseWriter, checks []check) {
	status, text := http.StatusOK, ""
	for _, c := range checks {
		mark := "+"
		if !c.ok {
			mark, status = "-", http.StatusServiceUnavailable
		}
		text += fmt.Sprintf("[%s]%s: %s\n", mark, c.name, c.why)
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprint(w, text)
}

// stuck is after how long without a turn an operator is restarted rather than waited for.
const stuck = 5 * time.Minute

func alive(o seen) []check {
	still := o.Still()
	return []check{{"loop", still < stuck, fmt.Sprintf("turned %s ago", still.Round(time.Second))}}
}

// ready reports an operator that knows its World and its fleet. A plan that is denied or waits is
// no reason to take it out: nobody else would do otherwise.
func ready(s operator.Status) []check {
	world := check{"world", !s.World.IsZero(), "none has loaded yet"}
	if world.ok {
		world.why = fmt.Sprintf("%s loaded at %s", s.World.Short(), s.LoadedAt.UTC().Format(time.RFC3339))
	}
	if s.Broken != "" {
		world.why += "; what is there now does not load: " + s.Broken
	}
	fleet := check{"fleet", true, "followed"}
	if at := s.Standing.State; at == operator.NoWorld {
		fleet = check{"fleet", false, "not read yet"}
	} else if at == operator.Starting || at == operator.Unreachable {
		fleet = check{"fleet", false, cmp.Or(s.Standing.Why, "not read yet")}
	}
	standing := check{"standing", true, string(s.Standing.State)}
	if s.Standing.Why != "" {
		standing.why += ": " + s.Standing.Why
	}
	return []check{world, fleet, standing}
}
