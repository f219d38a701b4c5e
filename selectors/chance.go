package selectors

import "math/bits"

// buckets is how fine a sample is: a bucket is a hundredth of a percent.
const buckets = uint64(wholeShare)

// Bucket is where a device falls for a seed, from 0 to 9999. It is a pure function of the
// two texts, the same in every release: a sample must not move.
func Bucket(seed, id string) int {
	bucket, _ := bits.Mul64(hash(seed, id), buckets)
	return int(bucket)
}

// TakeRank orders devices for take: lower ones first, and by id where it is equal.
func TakeRank(id string) uint64 { return hash("", id) }

// Admits reports whether the device of that id is in the sample.
func (x Sample) Admits(id string) bool { return Bucket(x.Seed, id) < int(x.Share) }

// hash is FNV-1a over the seed, a zero byte and the id, then mixed by the finalizer of
// splitmix64, as ids that differ in their last digit only must fall far apart.
func hash(seed, id string) uint64 {
	h := uint64(14695981039346656037)
	add := func(c byte) { h = (h ^ uint64(c)) * 1099511628211 }
	for i := range len(seed) {
		add(seed[i])
	}
	add(0)
	for i := range len(id) {
		add(id[i])
	}
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}
