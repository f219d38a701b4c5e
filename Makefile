# One flag set for every go command: another one would build the 700 packages of the agent anew.
# The tags are what the podman bindings need without cgo. -trimpath is left out for the same reason.
TAGS := remote,containers_image_openpgp
export GOFLAGS := $(filter -buildvcs=%,$(GOFLAGS)) -tags=$(TAGS)
export CGO_ENABLED := 0

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

FUZZTIME ?= 10s

# Tools are pinned and built once, outside go.mod, under names that carry their versions and that of
# Go: a linter reads only what its own Go could have compiled.
STATICCHECK := v0.8.2
SUMTYPE := v0.4.0
EXHAUSTIVE := v0.17.1
TOOLS := bin/tools/$(shell go env GOVERSION)
staticcheck := $(TOOLS)/staticcheck-$(STATICCHECK)
sumtype := $(TOOLS)/go-check-sumtype-$(SUMTYPE)
exhaustive := $(TOOLS)/exhaustive-$(EXHAUSTIVE)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## bin/muster and bin/muster-agent
	@mkdir -p bin
	go build -o bin/ ./cmd/...

.PHONY: test
test: ## all tests; ends with "N passed, N failed, N skipped" and says why a test was skipped
	@go build -o bin/testreport ./.ci/testreport
	@{ go test -json -timeout 10m ./... ./.ci/testreport || failed=1; \
		go -C $(PACKAGER) test -json -timeout 10m . || failed=1; exit $${failed:-0}; } | bin/testreport bin/failed

.PHONY: retest
retest: ## the packages that failed in the last make test, once more and one after the other
	@ours=$$(grep -v '/$(PACKAGER)$$' bin/failed || true); [ -z "$$ours" ] || go test -p 1 -count=1 -timeout 10m $$ours
	@! grep -q '/$(PACKAGER)$$' bin/failed || go -C $(PACKAGER) test -count=1 -timeout 10m .

.PHONY: race
race: ## the race detector on all packages without podman bindings; needs gcc
	@command -v gcc >/dev/null || { echo "race: needs cgo; apt-get install gcc libc6-dev" >&2; exit 1; }
	@packages=$$(go list -test -f '{{.ImportPath}} {{join .Deps " "}}' ./... | \
		awk '$$1 ~ /\.test$$/ && !/ github\.com\/containers\/podman/ { sub(/\.test$$/, "", $$1); print $$1 }'); \
	CGO_ENABLED=1 go test -race -timeout 20m $$packages

.PHONY: lint
lint: $(staticcheck) $(sumtype) $(exhaustive) ## gofmt, vet, staticcheck, closed sums and enums; all findings at once
	@status=0; \
	check() { echo "$$*"; "$$@" || status=1; }; \
	unformatted=$$(gofmt -l .); \
	[ -z "$$unformatted" ] || { echo "not as gofmt -w writes it: $$unformatted"; status=1; }; \
	echo go vet ./... ./.ci/testreport; \
	go vet ./... ./.ci/testreport || { echo "lint: the rest waits until vet passes"; exit 1; }; \
	check $(staticcheck) -tags $(TAGS) ./... ./.ci/testreport; \
	check go -C $(PACKAGER) vet ./...; \
	check $(sumtype) -default-signifies-exhaustive=false ./...; \
	check $(exhaustive) -typeonly '^github.com/musterfleet/muster/' ./...; \
	exit $$status

$(staticcheck): tool := honnef.co/go/tools/cmd/staticcheck@$(STATICCHECK)
$(sumtype): tool := github.com/alecthomas/go-check-sumtype/cmd/go-check-sumtype@$(SUMTYPE)
$(exhaustive): tool := github.com/nishanths/exhaustive/cmd/exhaustive@$(EXHAUSTIVE)
$(staticcheck) $(sumtype) $(exhaustive):
	@mkdir -p $(TOOLS)
	GOFLAGS= GOTOOLCHAIN=local GOBIN=$(CURDIR)/$(TOOLS) go install $(tool)
	@mv $(TOOLS)/$(notdir $(firstword $(subst @, ,$(tool)))) $@

# Packages whose tests know the flag -update; go test refuses it for the others.
.PHONY: golden
golden: ## rewrite the golden files, then show what changed
	@for dir in $$({ git grep -l --untracked 'flag.Bool("update"' -- '*_test.go' || true; } | xargs -r dirname | sort -u); do \
		go test -count=1 ./$$dir -update; \
	done
	@git diff --stat

.PHONY: deps-list
deps-list: ## accept what muster-agent links now into proofs/deps
	go test -count=1 ./proofs -run TestAgentDependencies -update
	@git diff --stat -- proofs/deps

.PHONY: fuzz
fuzz: ## each fuzz target for FUZZTIME (10s)
	@./.ci/fuzz $(FUZZTIME)

# A benchmark that backs a promise is a test named TestBench… and rewrites its section of
# proofs/BENCH.md (see proofs/bench). One runs at a time: they would disturb each other.
BENCH ?= ^TestBench

.PHONY: bench
bench: ## what is promised of speed, measured beside peers into proofs/BENCH.md; BENCH=TestBenchX for one
	@for module in . proofs/peers; do \
		dirs=$$(cd $$module && { git grep -l --untracked '^func TestBench' -- '*_test.go' $$([ $$module != . ] || echo ':!proofs/peers') || true; } | xargs -r dirname | sort -u | sed 's,^,./,'); \
		[ -z "$$dirs" ] || (cd $$module && MUSTER_BENCH=1 go test -p 1 -count=1 -v -timeout 120m -run '$(BENCH)' $$dirs); \
	done

.PHONY: microbench
microbench: ## all Go benchmarks
	@dirs=$$({ git grep -l --untracked '^func Benchmark' -- '*_test.go' ':!proofs/peers' || true; } | xargs -r dirname | sort -u | sed 's,^,./,'); \
	go test -run '^$$' -bench . -benchmem -timeout 60m $$dirs

.PHONY: proofs
proofs: ## prove in Coq, extract, compare the code with the model, kill mutants; one table; installs Coq by apt
	@./proofs/check

.PHONY: peers
peers: ## selectors and policies beside other tools: apimachinery, go-bexpr, ClusterShell, Ansible, conftest, opa
	@cd proofs/peers && go test -count=1 -v -timeout 60m ./conformance ./policies

# All of Kubernetes that muster talks to, built once from its own module: minutes of two cores.
kube_apiserver := bin/tools/kube-apiserver
.PHONY: kube-apiserver
kube-apiserver: $(kube_apiserver) ## bin/tools/kube-apiserver, which the tests with kubectl run on; some minutes, once

$(kube_apiserver): proofs/tools/go.mod $(wildcard proofs/tools/apiserver/*.go)
	@mkdir -p $(@D)
	cd proofs/tools && GOFLAGS= go build -ldflags '-X k8s.io/component-base/version.gitVersion=$(shell awk '/k8s.io\/kubernetes v/ {print $$2}' proofs/tools/go.mod)' -o $(CURDIR)/$@ ./apiserver

.PHONY: chart
chart: ## the Helm chart, rendered by Helm's own engine, is what kustomize makes of the manifests; minutes at first
	@go -C proofs/tools/chart test -count=1 .

# What packs is a module of its own, so that muster's has no packager in it.
PACKAGER := proofs/tools/package

.PHONY: package
package: ## .deb, tarballs, image layout, bills of materials and checksums of the commit, into dist; minutes
	@rm -rf dist
	@go -C $(PACKAGER) run . -root $(CURDIR) -out $(CURDIR)/dist
	@cd dist && sha256sum --quiet --check SHA256SUMS && du -sh *
	@MUSTER_DIST=$(CURDIR)/dist go -C $(PACKAGER) test -count=1 -v -run 'TestInstalled' .

# What an agent on armv7 is made of, with numbers of 32 bits.
NARROW := ./algebra/... ./selectors/... ./executor/wire/... ./agent ./agent/files/... ./agent/vault/... ./internal/...

.PHONY: soak
soak: $(kube_apiserver) chart ## the laws on many more cases (MUSTER_SOAK=1) and on 32 bits, what needs a kube-apiserver, and the chart, for as long as it takes
	@dirs=$$(git ls-files -co --exclude-standard '*laws_test.go' | xargs -r dirname | sort -u | sed 's,^,./,'); \
	[ -n "$$dirs" ] || { echo "soak: no package has laws"; exit 0; }; \
	MUSTER_SOAK=1 go test -count=1 -timeout 4h $$dirs
	MUSTER_SOAK=1 go -C $(PACKAGER) test -count=1 -v -timeout 2h -run TestTwoBuilds .
	GOARCH=386 go test -count=1 $(NARROW)

.PHONY: demo
demo: build ## the whole story in the terminal, on this machine
	@./examples/demo.sh

.PHONY: rehearsal
rehearsal: build ## a device's whole life on an emulated machine, in some ten minutes; needs root, debootstrap and qemu by apt
	@./.ci/rehearsal

.PHONY: deps
deps: ## install by apt what is missing beside Go: podman, runc, conmon, busybox-static, git, tmux
	@./.ci/deps

.PHONY: cover
cover: ## test coverage by package, and of all; coverage.out for go tool cover
	@go test -timeout 10m -coverprofile=coverage.out ./...
	@go tool cover -func=coverage.out | tail -1

.PHONY: clean
clean: ## remove what was built
	rm -rf bin dist coverage.*

.PHONY: ci
ci: ## what .ci/run does on a fresh clone: deps, build, test, lint, proofs, each with its time
	@./.ci/run
