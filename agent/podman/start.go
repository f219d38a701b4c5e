//go:build remote && containers_image_openpgp

package podman

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/containers/podman/v5/pkg/bindings/containers"
	"github.com/containers/podman/v5/pkg/bindings/images"
	"github.com/containers/podman/v5/pkg/domain/entities/types"
	"github.com/musterfleet/muster/algebra"
)

// Prepare fetches the images as each container's pull policy says, and sees to it that the
// secrets can be had.
func (r *Runtime) Prepare(ctx context.Context, d algebra.Deployment) error {
	if err := r.openSecrets(ctx, d); err != nil {
		return fmt.Errorf("prepare %s: %w", d, err)
	}
	for _, c := range d.Spec().Podman.Containers {
		if err := r.fetch(r.call(ctx), c); err != nil {
			return r.away(fmt.Errorf("prepare %s: container %s: %w", d, c.Name, err))
		}
	}
	return nil
}

// fetch asks for the image first, so that one that is there needs no network.
func (r *Runtime) fetch(ctx context.Context, c algebra.Container) error {
	if c.Pull != "always" {
		have, err := images.Exists(ctx, c.Image, nil)
		if err != nil {
			return fmt.Errorf("image %s: %w", c.Image, err)
		}
		if have {
			return nil
		}
		if c.Pull == "never" {
			return fmt.Errorf("image %s: not on this device, and `pull: never` forbids to fetch it", c.Image)
		}
	}
	o := &images.PullOptions{Policy: ptr("always"), Quiet: ptr(true)}
	login := r.login(ctx, c.Image, o)
	if _, err := images.Pull(ctx, c.Image, o); err != nil {
		err = fmt.Errorf("image %s: pull: %w", c.Image, err)
		if login != nil {
			err = fmt.Errorf("%w (without credentials: %w)", err, login)
		}
		return err
	}
	r.fetching.Lock()
	defer r.fetching.Unlock()
	if err := r.fetched.add(c.Image); err != nil {
		return fmt.Errorf("image %s: remember that it was fetched: %w", c.Image, err)
	}
	return nil
}

// Start creates all containers, then starts them in the order they are written. If any step
// fails, every container of the app is removed again.
func (r *Runtime) Start(ctx context.Context, d algebra.Deployment, v algebra.Values) error {
	there, err := r.list(r.call(ctx), d.App())
	if err == nil && len(there) > 0 {
		err = errors.New("the slot is not empty; stop what is in it first")
	}
	if err != nil {
		return r.away(fmt.Errorf("start %s: %w", d, err))
	}
	err = r.start(r.call(ctx), d, v)
	if err == nil {
		return nil
	}
	// The caller may have given up; what is half there must still go.
	if undo := r.remove(r.call(context.WithoutCancel(ctx)), d.App()); undo != nil {
		err = errors.Join(err, fmt.Errorf("remove what had started: %w", undo))
	}
	return r.away(fmt.Errorf("start %s: %w", d, err))
}

func (r *Runtime) start(ctx context.Context, d algebra.Deployment, v algebra.Values) error {
	if err := r.giveSecrets(ctx, d); err != nil {
		return err
	}
	var ids []string
	for _, c := range d.Spec().Podman.Containers {
		spec, err := r.specification(d, v, c)
		if err != nil {
			return err
		}
		made, err := containers.CreateWithSpec(ctx, spec, nil)
		if err != nil {
			if strings.Contains(err.Error(), "already in use") {
				err = fmt.Errorf("the name %s is taken by a container that is not muster's; remove or rename that one", spec.Name)
			}
			return fmt.Errorf("container %s: %w", c.Name, err)
		}
		ids = append(ids, made.ID)
	}
	for i, c := range d.Spec().Podman.Containers {
		if err := containers.Start(ctx, ids[i], nil); err != nil {
			return fmt.Errorf("container %s: %w", c.Name, err)
		}
		if c.Health != nil {
			r.checks.watch(ids[i], d.App(), scheduleOf(*c.Health), false)
		}
	}
	return nil
}

// Stop ends and removes every container of the app, each within its own stop time.
func (r *Runtime) Stop(ctx context.Context, app algebra.App) error {
	if err := r.remove(r.call(ctx), app); err != nil {
		return fmt.Errorf("stop %s: %w", app, err)
	}
	return nil
}

// remove works on all containers at once, so that the slowest to end sets the time.
func (r *Runtime) remove(ctx context.Context, app algebra.App) error {
	list, err := r.list(ctx, app)
	if err != nil {
		return err
	}
	var wait sync.WaitGroup
	errs := make([]error, len(list))
	for i, c := range list {
		wait.Go(func() { errs[i] = removeOne(ctx, c) })
	}
	wait.Wait()
	return errors.Join(errors.Join(errs...), r.dropSecrets(ctx, app))
}

func removeOne(ctx context.Context, c types.ListContainer) error {
	// Asking it to stop first keeps its own stop time, which a forced removal would ignore.
	if err := containers.Stop(ctx, c.ID, &containers.StopOptions{Ignore: ptr(true)}); err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	_, err := containers.Remove(ctx, c.ID, &containers.RemoveOptions{Force: ptr(true), Volumes: ptr(true), Timeout: ptr(uint(0))})
	if err != nil && !notFound(err) {
		return fmt.Errorf("container %s: %w", c.Labels[labelContainer], err)
	}
	return nil
}
