// Package podman is the Runtime that runs deployments as podman containers, over the socket
// of podman's own service.
//
//	web@2.1.0 on edge-001   ->   container web_web_edge-001, labelled
//	                             muster.fleet/device=edge-001  /app=web  /version=2.1.0
//	                             /deployment=sha256:…  /values=sha256:…  /container=web
//
// The labels are the only memory: what runs is read from podman each time, so an agent that
// was killed, or upgraded, knows what it finds. Several devices may share one podman, as the
// demo does; each sees only what carries its own label.
//
// Who restarts what: a container that ends by itself is restarted by podman's own policy,
// which works while the agent is down or being upgraded. What podman will not bring back (a
// container killed or stopped through podman, or removed) and what it brings back in vain
// (one that keeps ending) shows as Failed or absent, and the agent's loop starts it afresh,
// with its growing delays. The two cannot collide: podman locks a container for each step,
// and a restart that loses finds its container gone.
//
// Health checks are driven from here, since podman leaves its own to systemd timers, which
// are not everywhere.
//
// It needs the build tags remote and containers_image_openpgp; without them New says so. It
// does not build images, and does not touch what it did not start.
package podman
