#!/usr/bin/env bash
# The main job, told in the terminal: a fleet of 200 simulated devices and one that runs real
# containers is queried, planned, gated, applied, healed and moved to a new version. It runs
# on a fresh machine after `make deps`, ends by itself, leaves nothing behind, and exits
# non-zero if any step did not happen.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/bin:$PATH"

dir=$(mktemp -d /tmp/muster-demo.XXXXXX)
dev=
cleanup() {
	if [ -n "$dev" ]; then
		kill -TERM "$dev" 2>/dev/null || true
		wait "$dev" 2>/dev/null || true
	fi
	rm -rf "$dir"
}
trap cleanup EXIT

if [ -t 1 ]; then bold=$'\e[1m' dim=$'\e[2m' off=$'\e[0m'; else bold='' dim='' off=''; fi
say() { printf '\n%s%s%s\n' "$bold" "$*" "$off"; }
# shown prints a command as one would type it.
shown() {
	local word line=
	for word in "$@"; do
		case $word in *[!A-Za-z0-9@%+=:,./_-]*) word="'$word'" ;; esac
		line+=" $word"
	done
	printf '%s$%s%s\n' "$dim" "$line" "$off"
}
run() { shown "$@"; "$@"; }
failed() { printf '\nThe demo failed: %s\n' "$*" >&2; exit 1; }
# outcome WANT COMMAND…: the command must end with that exit code.
outcome() {
	local want=$1 have=0
	shift
	run "$@" || have=$?
	[ "$have" = "$want" ] || failed "\`$*\` ended with exit code $have, want $want"
}

say "A fleet on this machine: a NATS server, 200 simulated devices, and a real one with podman."
muster dev --dir "$dir/fleet" --devices 200 --podman auto >"$dir/dev.out" 2>&1 &
dev=$!
for _ in $(seq 600); do
	[ -e "$dir/fleet/config.toml" ] && break
	kill -0 "$dev" 2>/dev/null || { cat "$dir/dev.out"; failed "muster dev ended early"; }
	sleep 0.1
done
[ -e "$dir/fleet/config.toml" ] || { cat "$dir/dev.out"; failed "muster dev was not ready within a minute"; }
cat "$dir/dev.out"
export MUSTER_CONFIG="$dir/fleet/config.toml"
real=no
[ -e "$dir/fleet/agents/edge-real/config.toml" ] && real=yes
if [ "$real" = no ]; then echo "No podman here, so the story goes on with simulated devices only."; fi
for _ in $(seq 100); do # until the agents have reported
	n=$(muster query 'has(arch)' --count)
	[ "$n" -ge 200 ] && break
	sleep 0.1
done

world=$dir/world
cp -r examples/edge "$world"

say "Who is there? Devices answer to what operators and agents say of them."
run muster query 'label("ring") = "0" & arch = aarch64 & mem >= 4GiB'
run muster query '@web-servers & @canary' -w "$world"

say "What would the World in examples/edge change? Nothing is done yet."
outcome 2 muster plan -w "$world" --detailed-exitcode

say "Somebody names an image :latest. The plan is right; the policy says no, and where."
sed -i 's|image: localhost/muster-demo:1|image: localhost/muster-demo:latest|' "$world/deployments.yaml"
outcome 3 muster apply -w "$world" --yes
[ "$(muster status -o json | tr -d ' \n')" = "[]" ] || failed "a denied plan was published"
cp examples/edge/deployments.yaml "$world/"

say "The good plan, applied."
outcome 0 muster apply -w "$world" --yes
run muster status

say "Planned again: nothing is left to do."
outcome 0 muster plan -w "$world" --detailed-exitcode

# page prints what the real device serves, once it does.
page() {
	for _ in $(seq 100); do
		busybox wget -q -O- http://127.0.0.1:18080/ 2>/dev/null | grep -Fx "$1" && return
		sleep 0.1
	done
	failed "edge-real does not serve page $1"
}

if [ "$real" = yes ]; then
	say "The real device serves a page from its container."
	shown wget -q -O- http://127.0.0.1:18080/
	page 1
	say "Someone kills that container behind the agent's back. It comes back at once."
	if [ -e "$dir/fleet/podman.env" ]; then . "$dir/fleet/podman.env"; fi
	name=$(podman ps --filter label=muster.fleet/device=edge-real --filter label=muster.fleet/app=web --format '{{.ID}}')
	[ -n "$name" ] || failed "podman shows no container of web on edge-real"
	shown podman kill "$name"
	podman kill "$name" >/dev/null
	began=$(date +%s%N)
	page 1 >/dev/null
	printf 'serving again after %d ms\n' $((($(date +%s%N) - began) / 1000000))
fi

say "A new version: web moves from 1.0.0 to 1.1.0."
sed -i 's/deploy: \[web@1.0.0\]/deploy: [web@1.1.0]/' "$world/assignments.yaml"
outcome 2 muster plan -w "$world" --detailed-exitcode
outcome 0 muster apply -w "$world" --yes
run muster status
if [ "$real" = yes ]; then
	shown wget -q -O- http://127.0.0.1:18080/
	page 2
fi
outcome 0 muster plan -w "$world" --detailed-exitcode

say "That was the whole story. All of it is gone again."
