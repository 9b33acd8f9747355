#!/bin/sh
# shell.sh - shellcheck over every shell script.
cd "$(dirname "$0")/../.." || exit 2
find dev .ci/run ./tests ./examples -type f \( -name '*.sh' -o -name dev -o -name run \) \
	-exec shellcheck {} +
