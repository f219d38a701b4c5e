package planfile

import (
	"maps"
	"slices"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/planner"
)

// Image is an image that changes bring to devices. Devices counts those that did not have it
// from the same app; another app may have brought it there before, so it bounds what is pulled.
type Image struct {
	Image   string `json:"image"`
	Devices int    `json:"devices"`
	// SizeKnown says that the World has the size; Size is that of one device, in bytes.
	SizeKnown bool  `json:"size_known"`
	Size      int64 `json:"size_bytes"`
}

// images lists what changes have to pull, by image.
func images(p planner.Plan) []Image {
	type pair struct{ have, want algebra.Digest }
	fresh := map[pair][]string{} // many changes are the same one on other devices
	on := map[string][]uint32{}
	for _, c := range p.Changes {
		of := pair{digestOf(c.Have), digestOf(c.Want)}
		list, known := fresh[of]
		if !known {
			list = pulled(c.Have, c.Want)
			fresh[of] = list
		}
		i, _ := p.Roster.Ordinal(c.Action.Target().Device)
		for _, image := range list {
			on[image] = append(on[image], i)
		}
	}
	out := []Image{}
	for _, image := range slices.Sorted(maps.Keys(on)) {
		devices := on[image]
		slices.Sort(devices)
		size, known := p.ImageSizes[image]
		out = append(out, Image{image, len(slices.Compact(devices)), known, size})
	}
	return out
}

// pulled are the images of one release that another does not have.
func pulled(have, want algebra.Deployment) []string {
	has := map[string]bool{}
	for _, c := range containersOf(have) {
		has[c.Image] = true
	}
	var out []string
	for _, c := range containersOf(want) {
		if !has[c.Image] && c.Pull != "never" {
			has[c.Image] = true
			out = append(out, c.Image)
		}
	}
	return out
}

// digestOf is zero for no deployment.
func digestOf(d algebra.Deployment) (digest algebra.Digest) {
	if !d.IsZero() {
		digest = d.Digest()
	}
	return digest
}

func containersOf(d algebra.Deployment) []algebra.Container {
	if d.IsZero() || d.Spec().Podman == nil {
		return nil
	}
	return d.Spec().Podman.Containers
}

// sizes are the sizes that a plan was made with, of the images in it.
func sizes(list []Image) map[string]int64 {
	out := map[string]int64{}
	for _, i := range list {
		if i.SizeKnown {
			out[i.Image] = i.Size
		}
	}
	return out
}
