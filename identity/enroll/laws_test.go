package enroll_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/identity/enroll"
)

const seed = 20261126

type taker = func(o enroll.Offer, d algebra.DeviceID, key string, facts map[string]string, now time.Time) (enroll.Offer, error)

// once has some devices with some keys try to take an offer, in a random order with repetitions, and
// says what was breached. Taken counts the offers that somebody took.
func once(take taker) (breach string, taken int) {
	params := gopter.DefaultTestParametersWithSeed(seed)
	params.MinSize, params.MinSuccessfulTests = 1, 500
	properties := gopter.NewProperties(params)
	properties.Property("an offer counts once", prop.ForAll(func(n int64) bool {
		b, ok := tries(rand.New(rand.NewPCG(uint64(n), 1)), take)
		if b != "" {
			breach = b
		}
		if ok {
			taken++
		}
		return b == ""
	}, gen.Int64()))
	properties.Run(gopter.NewFormatedReporter(false, 80, io.Discard))
	return breach, taken
}

func tries(r *rand.Rand, take taker) (breach string, taken bool) {
	devices := []algebra.DeviceID{algebra.MustDeviceID("gw-1"), algebra.MustDeviceID("gw-2"), algebra.MustDeviceID("gw-3")}
	o := enroll.Offer{ID: "o", Hash: "h", Until: time.Unix(1000, 0)}
	if r.IntN(3) == 0 {
		o.Device = devices[r.IntN(3)]
	}
	if r.IntN(3) == 0 {
		o.Fact, o.Value = "serial", "4711"
	}
	var owner string
	for range 12 {
		d, key := devices[r.IntN(3)], fmt.Sprint("key-", r.IntN(3))
		facts := map[string]string{"serial": []string{"4711", "4712"}[r.IntN(2)]}
		next, err := take(o, d, key, facts, time.Unix(int64(r.IntN(100)), 0))
		who := d.String() + " with " + key
		switch {
		case err != nil && next.Taken != o.Taken:
			return "a refusal took it", taken
		case err != nil:
			if owner == who && (o.Fact == "" || facts[o.Fact] == o.Value) {
				return "the owner, whose answer was lost, is refused", taken
			}
			continue
		case next.Taken == nil || next.Taken.Device != d || next.Taken.Key != key:
			return "it was taken and does not say by whom", taken
		case owner != "" && owner != who:
			return "it counts for " + who + " after " + owner, taken
		case !o.Device.IsZero() && d != o.Device:
			return "it counts for a device that it is not for", taken
		case o.Fact != "" && facts[o.Fact] != o.Value:
			return "it counts for a device without the fact", taken
		}
		owner, taken, o = who, true, next
	}
	return "", taken
}

func TestOfferCountsOnce(t *testing.T) {
	breach, taken := once(enroll.Offer.Take)
	if breach != "" {
		t.Error(breach)
	}
	if taken < 300 {
		t.Errorf("%d of 500 were taken: the law says little", taken)
	}
}

func TestOnceLawSeesWrongTakes(t *testing.T) {
	for name, take := range map[string]taker{
		"for every key of the device": func(o enroll.Offer, d algebra.DeviceID, key string, facts map[string]string, now time.Time) (enroll.Offer, error) {
			if o.Taken != nil && o.Taken.Device == d {
				o.Taken = &enroll.Taken{Device: d, Key: key, At: now}
			}
			return o.Take(d, key, facts, now)
		},
		"again each time": func(o enroll.Offer, d algebra.DeviceID, key string, facts map[string]string, now time.Time) (enroll.Offer, error) {
			o.Taken = nil
			return o.Take(d, key, facts, now)
		},
		"never twice, not even for its owner": func(o enroll.Offer, d algebra.DeviceID, key string, facts map[string]string, now time.Time) (enroll.Offer, error) {
			if o.Taken != nil {
				return o, fmt.Errorf("used")
			}
			return o.Take(d, key, facts, now)
		},
		"for any device": func(o enroll.Offer, d algebra.DeviceID, key string, facts map[string]string, now time.Time) (enroll.Offer, error) {
			meant := o.Device
			o.Device = algebra.DeviceID{}
			next, err := o.Take(d, key, facts, now)
			next.Device = meant
			return next, err
		},
		"whatever the facts": func(o enroll.Offer, d algebra.DeviceID, key string, facts map[string]string, now time.Time) (enroll.Offer, error) {
			return o.Take(d, key, map[string]string{o.Fact: o.Value}, now)
		},
	} {
		if breach, _ := once(take); breach == "" {
			t.Errorf("%s: the law does not see it", name)
		}
	}
}
