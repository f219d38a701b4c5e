package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/musterfleet/muster/executor/operator"
	"github.com/musterfleet/muster/executor/wire"
)

// meters are what an operator counts, for Prometheus. What its status has is read when it is asked for.
type meters struct {
	registry  *prometheus.Registry
	operator  seen
	work      *prometheus.HistogramVec
	failures  *prometheus.CounterVec
	runs      *prometheus.CounterVec
	published prometheus.Counter
}

var (
	stateDesc   = prometheus.NewDesc("muster_state", "What the operator is about: 1 for the state it is in.", []string{"state"}, nil)
	pendingDesc = prometheus.NewDesc("muster_pending_devices", "Devices on which something differs from what is declared.", nil, nil)
	worldDesc   = prometheus.NewDesc("muster_world_info", "The World that loaded last, always 1.", []string{"world", "commit"}, nil)
	loadedDesc  = prometheus.NewDesc("muster_world_read_timestamp_seconds", "When the World was last read, whether it loaded or not.", nil, nil)
	brokenDesc  = prometheus.NewDesc("muster_world_broken", "1 while what is there does not load, and the last good World stays in force.", nil, nil)
)

func newMeters() *meters {
	m := &meters{registry: prometheus.NewRegistry(),
		work: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "muster_work_seconds", Help: "How long pieces of work took.",
			Buckets: prometheus.ExponentialBuckets(0.001, 4, 10)}, []string{"work"}),
		failures:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "muster_work_failures_total", Help: "Pieces of work that ended in an error."}, []string{"work"}),
		runs:      prometheus.NewCounterVec(prometheus.CounterOpts{Name: "muster_runs_ended_total", Help: "Runs that this process brought to an end."}, []string{"status"}),
		published: prometheus.NewCounter(prometheus.CounterOpts{Name: "muster_published_total", Help: "Desired states that this process set out to publish."}),
	}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), m.work, m.failures, m.runs, m.published)
	return m
}

// watch counts what this is about.
func (m *meters) watch(o seen) {
	m.operator = o
	m.registry.MustRegister(m)
}

// Describe is prometheus.Collector's.
func (m *meters) Describe(out chan<- *prometheus.Desc) { prometheus.DescribeByCollect(m, out) }

// Collect is prometheus.Collector's.
func (m *meters) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	truth := func(b bool) float64 {
		if b {
			return 1
		}
		return 0
	}
	s := m.operator.Status()
	for _, state := range operator.States {
		gauge(stateDesc, truth(s.Standing.State == state), string(state))
	}
	gauge(pendingDesc, float64(s.Pending))
	gauge(brokenDesc, truth(s.Broken != ""))
	if !s.World.IsZero() {
		gauge(worldDesc, 1, s.World.Short(), s.Commit)
	}
	if !s.LoadedAt.IsZero() {
		gauge(loadedDesc, float64(s.LoadedAt.Unix()))
	}
}

// ended counts a run that came to its end.
func (m *meters) ended(s wire.RunStatus) { m.runs.WithLabelValues(s.String()).Inc() }

// timed counts how long work takes, besides what span does.
func (m *meters) timed(span operator.Span) operator.Span {
	return func(ctx context.Context, name string, about ...slog.Attr) (context.Context, func(error)) {
		began := time.Now()
		ctx, end := span(ctx, name, about...)
		return ctx, func(err error) {
			m.work.WithLabelValues(name).Observe(time.Since(began).Seconds())
			if err != nil {
				m.failures.WithLabelValues(name).Inc()
			}
			end(err)
		}
	}
}
