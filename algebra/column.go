package algebra

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
)

// column holds one key of all devices. Each distinct value knows its devices:
//
//	devices per value   many (arch, ring)          few (ip, serial)
//	kept in             a bitmap for each value    one list of devices, by value
//
// A bitmap costs some hundred bytes however few devices are in it, a place in the list
// four. So a column costs some five bytes a device at most, whatever its values.
type column struct {
	values  texts // in byte order; some device has each
	codes   codes // 0 where the device lacks the key, else one more than the index of its value
	present *roaring.Bitmap

	on []*roaring.Bitmap // for each value, or nil:

	devices []uint32 // by value, then by device
	starts  []uint32 // where the devices of each value start; one more for the end
}

// manyDevices is the mean number of devices a value from which bitmaps pay.
const manyDevices = 32

// newColumn indexes codes over sorted values.
func newColumn(values texts, c codes) *column {
	col := &column{values: values, codes: c}
	col.present = col.holding(func(code uint32) bool { return code > 0 })
	col.present.RunOptimize()
	col.post()
	if col.wantsBitmaps() {
		col.on = make([]*roaring.Bitmap, values.len())
		for i := range col.on {
			on := roaring.New()
			on.AddMany(col.devices[col.starts[i]:col.starts[i+1]])
			on.RunOptimize()
			col.on[i] = on
		}
		col.devices, col.starts = nil, nil
	}
	return col
}

func (c *column) wantsBitmaps() bool {
	return uint64(c.values.len())*manyDevices <= c.present.GetCardinality()
}

// post lists the devices by value: a counting sort.
func (c *column) post() {
	c.starts = make([]uint32, c.values.len()+2) // shifted by one while it is filled
	n := uint32(c.codes.len())
	for i := range n {
		if code := c.codes.at(i); code > 0 {
			c.starts[code+1]++
		}
	}
	for i := 1; i < len(c.starts); i++ {
		c.starts[i] += c.starts[i-1]
	}
	c.devices = make([]uint32, c.starts[len(c.starts)-1])
	for i := range n {
		if code := c.codes.at(i); code > 0 {
			c.devices[c.starts[code]] = i
			c.starts[code]++
		}
	}
	c.starts = c.starts[:len(c.starts)-1]
}

// holding is the devices whose code passes, by one pass over all.
func (c *column) holding(pass func(code uint32) bool) *roaring.Bitmap {
	return bitmapWhere(c.codes.len(), func(i uint32) bool { return pass(c.codes.at(i)) })
}

// bitmapWhere is the numbers below n that pass.
func bitmapWhere(n int, pass func(i uint32) bool) *roaring.Bitmap {
	words := make([]uint64, (n+63)/64)
	inShards(n, func(from, to int) {
		for i := from; i < to; i++ {
			if pass(uint32(i)) {
				words[i/64] |= 1 << (i % 64)
			}
		}
	})
	return roaring.FromDense(words, true)
}

// having is the devices with the i-th value. It may be shared and must not be changed.
func (c *column) having(i uint32) *roaring.Bitmap {
	if c.on != nil {
		return c.on[i]
	}
	return roaring.BitmapOf(c.devices[c.starts[i]:c.starts[i+1]]...)
}

// count is how many devices have the i-th value.
func (c *column) count(i uint32) int {
	if c.on != nil {
		return int(c.on[i].GetCardinality())
	}
	return int(c.starts[i+1] - c.starts[i])
}

// fewValues is up to how many values are united bitmap by bitmap.
const fewValues = 16

// havingAny is the devices with one of these values, which are in order. It may be shared
// and must not be changed.
func (c *column) havingAny(values []uint32) *roaring.Bitmap {
	devices := 0
	for _, i := range values {
		devices += c.count(i)
	}
	switch {
	case len(values) == 1:
		return c.having(values[0])
	case devices == int(c.present.GetCardinality()):
		return c.present
	case c.on != nil && len(values) <= fewValues:
		on := make([]*roaring.Bitmap, len(values))
		for n, i := range values {
			on[n] = c.on[i]
		}
		return roaring.FastOr(on...)
	case c.on == nil && devices*fewValues <= c.codes.len():
		list := make([]uint32, 0, devices)
		for _, i := range values {
			list = append(list, c.devices[c.starts[i]:c.starts[i+1]]...)
		}
		slices.Sort(list)
		return roaring.BitmapOf(list...)
	default:
		held := make([]bool, c.values.len()+1)
		for _, i := range values {
			held[i+1] = true
		}
		on := c.holding(func(code uint32) bool { return held[code] })
		on.RunOptimize()
		return on
	}
}

func (c *column) value(ordinal uint32) (string, bool) {
	code := c.codes.at(ordinal)
	if code == 0 {
		return "", false
	}
	return c.values.at(code - 1), true
}
