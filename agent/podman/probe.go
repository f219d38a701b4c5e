//go:build remote && containers_image_openpgp

package podman

import (
	"context"

	"github.com/containers/podman/v5/libpod/define"
	"github.com/containers/podman/v5/pkg/bindings/containers"
)

// probe runs a container's health check once. It goes by the check's own exit code: podman's
// status would count failures by its rules, which do not know how a start is hurried here.
func (r *Runtime) probe(ctx context.Context, id string) outcome {
	c := r.call(ctx)
	result, err := containers.RunHealthCheck(c, id, nil)
	switch {
	case notFound(err):
		return gone
	case err != nil && ctx.Err() != nil:
		return unwell // it took too long
	case err != nil:
		return r.whyNotProbed(c, id)
	case len(result.Log) == 0:
		return map[bool]outcome{true: well, false: unwell}[result.Status == define.HealthCheckHealthy]
	case result.Log[len(result.Log)-1].ExitCode == 0:
		return well
	}
	return unwell
}

// whyNotProbed tells a container that is down from a check that cannot be run.
func (r *Runtime) whyNotProbed(c context.Context, id string) outcome {
	d, err := containers.Inspect(c, id, nil)
	switch {
	case notFound(err):
		return gone
	case err != nil:
		return unwell
	case !d.State.Running:
		return notRunning
	}
	return unwell
}
