module github.com/musterfleet/muster/proofs/peers

go 1.26.0

replace github.com/musterfleet/muster => ../..

require (
	github.com/RoaringBitmap/roaring/v2 v2.30.0
	github.com/hashicorp/go-bexpr v0.1.17
	github.com/musterfleet/muster v0.0.0-00010101000000-000000000000
	k8s.io/apimachinery v0.37.2
)

require (
	github.com/bits-and-blooms/bitset v1.24.4 // indirect
	github.com/go-logr/logr v1.4.4 // indirect
	github.com/mitchellh/mapstructure v1.5.0 // indirect
	github.com/mitchellh/pointerstructure v1.2.1 // indirect
	github.com/mschoch/smat v0.2.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/sys v0.49.0 // indirect
	k8s.io/klog/v2 v2.140.0 // indirect
	k8s.io/utils v0.0.0-20260626114624-be93311217bd // indirect
)
