package podman

import (
	"fmt"
	"strconv"

	"github.com/musterfleet/muster/algebra"
)

// The labels that mark a container as ours and say what it is.
const (
	labelDevice     = "muster.fleet/device"
	labelApp        = "muster.fleet/app"
	labelVersion    = "muster.fleet/version"
	labelDeployment = "muster.fleet/deployment"
	labelValues     = "muster.fleet/values"
	labelContainer  = "muster.fleet/container"
	labelSiblings   = "muster.fleet/containers"  // how many the deployment has
	labelEvery      = "muster.fleet/check-every" // seconds between health checks
)

// ContainerName is web_web_edge-001: app, container, device. No part may hold an underscore,
// so no two containers of one podman share a name, whatever devices it serves.
func ContainerName(device algebra.DeviceID, app algebra.App, container string) string {
	return app.String() + "_" + container + "_" + device.String()
}

func labels(device algebra.DeviceID, d algebra.Deployment, v algebra.Values, c algebra.Container) map[string]string {
	l := map[string]string{
		labelDevice:     device.String(),
		labelApp:        d.App().String(),
		labelVersion:    d.Version().String(),
		labelDeployment: d.Digest().String(),
		labelValues:     v.Digest().String(),
		labelContainer:  c.Name,
		labelSiblings:   strconv.Itoa(len(d.Spec().Podman.Containers)),
	}
	if c.Health != nil {
		l[labelEvery] = strconv.Itoa(checkEvery(*c.Health))
	}
	return l
}

func checkEvery(h algebra.Health) int {
	if h.EverySeconds == 0 {
		return 30
	}
	return h.EverySeconds
}

func allowedFailures(h algebra.Health) int {
	if h.Failures == 0 {
		return 3
	}
	return h.Failures
}

// release reads back what a container was started as. Labels that somebody changed, or that
// another agent wrote otherwise, are an error, with a release that nobody wants: so whoever
// owns the slot replaces it.
func release(l map[string]string) (algebra.Release, error) {
	version, err := algebra.ParseVersion(l[labelVersion])
	if err != nil {
		return unreadable, fmt.Errorf("label %s: %w", labelVersion, err)
	}
	deployment, err := algebra.ParseDigest(l[labelDeployment])
	if err != nil {
		return unreadable, fmt.Errorf("label %s: %w", labelDeployment, err)
	}
	values, err := algebra.ParseDigest(l[labelValues])
	if err != nil {
		return unreadable, fmt.Errorf("label %s: %w", labelValues, err)
	}
	return algebra.Release{Version: version, Deployment: deployment, Values: values}, nil
}

var unreadable = algebra.Release{
	Version:    algebra.MustVersion("unknown"),
	Deployment: algebra.DigestOf([]byte("unreadable labels")),
	Values:     algebra.Values{}.Digest(),
}
