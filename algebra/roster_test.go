package algebra_test

import (
	"strings"
	"testing"

	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/selectors"
)

// TestRosterKeepsEveryDevice: what enters comes out, with any text as key and value.
func TestRosterKeepsEveryDevice(t *testing.T) {
	values := 0
	algebratest.Law(t, planted)(prop.ForAll(func(r *algebra.Roster) bool {
		var list []algebra.Device
		for d := range r.Devices() {
			list = append([]algebra.Device{d}, list...)
		}
		again := algebratest.MustRoster(list)
		for i := range uint32(r.Len()) {
			d := r.Device(i)
			ord, ok := again.Ordinal(d.ID)
			if !ok || ord != i || !sameDevice(d, again.Device(ord)) || i > 0 && r.ID(i-1).Compare(d.ID) >= 0 {
				return false
			}
			for k, v := range d.Labels {
				got, ok := r.Attributes(i).Value(selectors.Key{Label: true, Name: k})
				if !ok || got != v {
					return false
				}
				values++
			}
		}
		return true
	}, algebratest.ArbitraryRosters()))
	if values < planted {
		t.Errorf("%d values in %d cases", values, planted)
	}
}

func TestRosterRefuses(t *testing.T) {
	one := algebra.Device{ID: algebra.MustDeviceID("gw-1")}
	if _, err := algebra.NewRoster([]algebra.Device{one, {ID: algebra.MustDeviceID("a")}, one}); err == nil || err.Error() != "roster: device gw-1 is given twice" {
		t.Errorf("twice: %v", err)
	}
	if _, err := algebra.NewRoster([]algebra.Device{{}}); err == nil {
		t.Error("a device without an id is taken")
	}
}

// TestEmptyRoster: no device is a roster too.
func TestEmptyRoster(t *testing.T) {
	r := algebratest.MustRoster(nil)
	if b := algebratest.Vocabulary().MustBind(`arch != aarch64`); !r.Select(b).IsEmpty() || !r.All().Equal(r.None()) {
		t.Error("the empty roster has a device")
	}
}

func TestNameAndIDAreAttributes(t *testing.T) {
	dev := algebra.Device{ID: algebra.MustDeviceID("gw-1"), Facts: map[string]string{"name": "liar", "id": "liar"}}
	r := algebratest.MustRoster([]algebra.Device{dev})
	for _, text := range []string{`name = "gw-1"`, `id = "gw-1"`, `{gw-1}`, `name in ("gw-1", "x")`} {
		b := algebratest.Vocabulary().MustBind(text)
		if r.Select(b).IsEmpty() || b.Sort() == selectors.SelectorSort && !b.Matches(dev) {
			t.Errorf("%s does not admit gw-1", text)
		}
	}
}

func TestFleetOfUnknownDevices(t *testing.T) {
	r := algebratest.MustRoster([]algebra.Device{{ID: algebra.MustDeviceID("gw-1")}})
	f, unknown := r.Fleet(func(yield func(algebra.DeviceID) bool) {
		_ = yield(algebra.MustDeviceID("gw-1")) && yield(algebra.MustDeviceID("gw-2"))
	})
	if f.Len() != 1 || len(unknown) != 1 || unknown[0].String() != "gw-2" {
		t.Errorf("%v, unknown %v", algebratest.Names(f), unknown)
	}
}

func TestFleetsOfTwoRostersDoNotCombine(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	algebratest.MustRoster(nil).All().Union(algebratest.MustRoster(nil).All())
}

func TestNames(t *testing.T) {
	long := strings.Repeat("a", 63)
	for _, c := range []struct {
		text          string
		device, app   bool
		version, hash bool
	}{
		{text: "gw-1", device: true, app: true, version: true},
		{text: "gw-1.lab.example.org", device: true, version: true},
		{text: "1.10", device: true, version: true},
		{text: "V2", version: true},
		{text: "2.1.0-rc.1+b_7", version: true},
		{text: long, device: true, app: true, version: true},
		{text: long + "a", version: true},
		{text: strings.Repeat(long+".", 3) + long, version: false},    // 255
		{text: strings.Repeat(long+".", 3) + long[:61], device: true}, // 253, too long for a version
		{text: ""}, {text: "."}, {text: "-a"}, {text: "a-", version: true},
		{text: "a..b", version: true}, {text: ".a"}, {text: "a b"}, {text: "é"}, {text: "a/b"}, {text: "a*"}, {text: "a>"}, {text: "a\n"},
		{text: "sha256:" + strings.Repeat("0a", 32), hash: true},
		{text: "sha256:" + strings.Repeat("0A", 32)},
		{text: "sha256:" + strings.Repeat("0", 31) + "g" + strings.Repeat("0", 32)},
		{text: "sha256:0"}, {text: strings.Repeat("0", 64), version: true},
	} {
		for what, want := range map[string]bool{"device id": c.device, "app": c.app, "version": c.version, "digest": c.hash} {
			if err := parse(what, c.text); (err == nil) != want {
				t.Errorf("%s %q: %v", what, c.text, err)
			}
		}
	}
}

func parse(what, text string) (err error) {
	var out interface{ String() string }
	switch what {
	case "device id":
		out, err = algebra.ParseDeviceID(text)
	case "app":
		out, err = algebra.ParseApp(text)
	case "version":
		out, err = algebra.ParseVersion(text)
	case "digest":
		out, err = algebra.ParseDigest(text)
	}
	if err == nil && out.String() != text {
		panic("read as " + out.String())
	}
	return err
}

// TestNamesNeverPanicAndRoundTrip: text is either refused or kept as it is, by the JSON form too.
func TestNamesNeverPanicAndRoundTrip(t *testing.T) {
	algebratest.Law(t, cases)(prop.ForAll(func(text string) bool {
		var d algebra.DeviceID
		err := d.UnmarshalText([]byte(text))
		again, _ := d.MarshalText()
		return (parse("device id", text) == nil) == (err == nil) && (err != nil || string(again) == text)
	}, gen.OneGenOf(gen.AnyString(), gen.RegexMatch(`[a-z0-9.-]{1,12}`))))
}

func TestEnumsRoundTrip(t *testing.T) {
	for p := algebra.Pending; p <= algebra.Refused; p++ {
		if got, err := algebra.ParsePhase(p.String()); err != nil || got != p {
			t.Errorf("%s: %v, %v", p, got, err)
		}
	}
	for l := algebra.Requested; l <= algebra.Decommissioned; l++ {
		if got, err := algebra.ParseLifecycle(l.String()); err != nil || got != l {
			t.Errorf("%s: %v, %v", l, got, err)
		}
	}
	for _, text := range []string{"", "running", "Phase(0)"} {
		if p, err := algebra.ParsePhase(text); err == nil {
			t.Errorf("%q is read as %s", text, p)
		}
	}
	if l, err := algebra.ParseLifecycle(""); err == nil {
		t.Errorf("the empty text is read as %s", l)
	}
}

func TestOnline(t *testing.T) {
	for _, c := range []struct {
		ago  string
		rec  algebra.Record
		want bool
	}{
		{"never", algebra.Record{}, false},
		{"just in time", algebra.Record{Heard: algebratest.Now.Add(-algebra.OnlineWithin)}, true},
		{"too long", algebra.Record{Heard: algebratest.Now.Add(-algebra.OnlineWithin - 1)}, false},
		{"a clock ahead", algebra.Record{Heard: algebratest.Now.Add(1e9)}, true},
	} {
		if c.rec.Online(algebratest.Now) != c.want {
			t.Errorf("heard %s: online is not %t", c.ago, c.want)
		}
	}
}
