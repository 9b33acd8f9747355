#!/bin/sh
# demo.sh - the main job, once and for real: nginx with examples/gateway, the files of examples/kong, and
# outrigger serving examples/lua. Usage: examples/demo.sh [OUTRIGGER]. Ends by itself and leaves nothing.
set -eu
cd "$(dirname "$0")/.."
source=$PWD
outrigger=$(readlink -f "${1:-build/release/outrigger}")
prefix=$(mktemp -d "${TMPDIR:-/tmp}/outrigger-demo.XXXXXX")
gateway=examples/gateway/gateway
worker_user=$(id -un)

finish() {
	$gateway stop --prefix "$prefix" 2>/dev/null || true
	rm -rf "$prefix"
}
trap finish EXIT
trap 'exit 130' INT TERM

# A port that nobody listens on, at or above $1.
free_port() {
	port=$1
	while curl -s -o /dev/null --max-time 1 "http://127.0.0.1:$port/"; do
		port=$((port + 1))
	done
	echo "$port"
}

# The files for Kong, with this machine's places.
place() {
	sed -e "s#/usr/local/bin/outrigger#$outrigger#g" \
		-e "s#/usr/local/kong#$prefix#g" \
		-e "s#/usr/local/share/outrigger/plugins#$source/examples/lua#g" \
		-e "s#127.0.0.1:8090#127.0.0.1:$echo_port#g" "examples/kong/$1" >"$prefix/$1"
}

wait_for() {
	tries=300
	until "$@" 2>/dev/null; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { echo "demo: waited in vain for: $*" >&2; tail -n 20 "$prefix"/logs/* >&2; exit 1; }
		sleep 0.1
	done
}

# Shows a request and what came back: status line, the headers that matter, the body's beginning.
show() {
	title=$1
	shift
	printf '\n--- %s\n$ curl -i' "$title"
	for word in "$@"; do
		case $word in *' '*) printf " '%s'" "$word" ;; *) printf ' %s' "$word" ;; esac
	done
	echo
	curl -s -i --max-time 10 "$@" | tr -d '\r' | grep -v -i -e '^date:' -e '^server:' -e '^connection:' -e '^transfer-encoding:' | cut -c1-300
	echo
}

port=$(free_port 8000)
echo_port=$(free_port 8090)
place kong.conf
place kong.yml

echo "==> outrigger check"
"$outrigger" check --plugins-dir "$source/examples/lua" --prefix "$prefix" | cut -c1-160

echo
echo "==> starting nginx as the gateway on port $port; it starts outrigger, as Kong would"
chmod 755 "$prefix"
KONG_NGINX_USER="$worker_user $(id -gn)" $gateway start --prefix "$prefix" --kong-conf "$prefix/kong.conf" \
	--declarative "$prefix/kong.yml" --port "$port" --echo-port "$echo_port"
wait_for test -S "$prefix/hello-header.socket"
wait_for test -S "$prefix/token-auth.socket"

url=http://127.0.0.1:$port
show "hello-header reads a request header and sets a response header (X-Hello)" \
	-H "X-Name: Ada" "$url/hello"
show "token-auth refuses a request without a token (401)" "$url/private"
show "token-auth lets one with a token pass; the upstream sees the consumer, not the token" \
	-H "X-Token: open-sesame" "$url/private"
show "all-phases leaves a header in each phase" "$url/phases"

cat <<'TEXT'
==> The requests went through nginx; the plugins ran in outrigger, a process of its own.
    Where to go next:
      examples/lua/hello-header/handler.lua   the first plugin: change it, and run ./dev demo again
      README.md                               how to put Outrigger beside a real Kong
      ./dev test                              all tests
TEXT
