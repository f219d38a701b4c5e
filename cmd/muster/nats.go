package main

import (
	"context"
	"fmt"
	"time"

	"github.com/musterfleet/muster/algebra"
)

// observe reads the registry, the published state and the reports of a running cluster.
func observe(_ context.Context, url string, _ time.Time) (algebra.Reality, error) {
	return algebra.Reality{}, fmt.Errorf("nats %s: this build cannot read a cluster yet; use --roster FILE", url)
}
