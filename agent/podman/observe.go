//go:build remote && containers_image_openpgp

package podman

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/containers/podman/v5/libpod/define"
	"github.com/containers/podman/v5/pkg/bindings/containers"
	"github.com/containers/podman/v5/pkg/domain/entities/types"
	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/algebra"
)

// Observe asks podman for the containers of this device and judges each app by them.
func (r *Runtime) Observe(ctx context.Context) (map[algebra.App]agent.Observed, error) {
	c := r.call(ctx)
	list, err := r.list(c, algebra.App{})
	if err != nil {
		return nil, fmt.Errorf("observe: %w", err)
	}
	slots := map[algebra.App][]container{}
	for _, entry := range list {
		app, err := algebra.ParseApp(entry.Labels[labelApp])
		if err != nil {
			continue // bears the device's label, but is in no slot
		}
		data, err := containers.Inspect(c, entry.ID, nil)
		if notFound(err) {
			continue // removed since it was listed
		}
		if err != nil {
			return nil, fmt.Errorf("observe %s: %w", app, err)
		}
		slots[app] = append(slots[app], r.seen(app, data))
	}
	now := time.Now()
	observed := make(map[algebra.App]agent.Observed, len(slots))
	for app, cs := range slots {
		observed[app] = judge(cs, now)
	}
	return observed, nil
}

// list is the containers of an app, or of all apps, on this device.
func (r *Runtime) list(ctx context.Context, app algebra.App) ([]types.ListContainer, error) {
	filter := []string{labelDevice + "=" + r.device.String()}
	if !app.IsZero() {
		filter = append(filter, labelApp+"="+app.String())
	}
	return containers.List(ctx, &containers.ListOptions{All: ptr(true), Filters: map[string][]string{"label": filter}})
}

// seen reduces what podman tells of a container to what judge needs.
func (r *Runtime) seen(app algebra.App, d *define.InspectContainerData) container {
	l := d.Config.Labels
	c := container{
		name:     l[labelContainer],
		labels:   l,
		status:   d.State.Status,
		exit:     int(d.State.ExitCode),
		oom:      d.State.OOMKilled,
		started:  d.State.StartedAt,
		finished: d.State.FinishedAt,
		restarts: int(d.RestartCount),
		fault:    d.State.Error,
		killed:   r.notes.wasKilled(d.ID),
		looping:  r.notes.keepsEnding(d.ID, time.Now()),
	}
	c.siblings, _ = strconv.Atoi(l[labelSiblings])
	if p := d.HostConfig.RestartPolicy; p != nil {
		c.policy = p.Name
	}
	if h := d.Config.Healthcheck; h != nil && l[labelEvery] != "" {
		c.health = waiting
		if every, err := strconv.Atoi(l[labelEvery]); err == nil && every > 0 && d.State.Running {
			recorded := d.State.Health != nil && d.State.Health.Status == define.HealthCheckHealthy
			c.health = r.checks.watch(d.ID, app, schedule{time.Duration(every) * time.Second, max(1, h.Retries)}, recorded)
		}
	}
	return c
}
