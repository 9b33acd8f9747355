#!/bin/sh
# spelling.sh - codespell over the tree. Words it lets pass: spelling.ignore (header names, and typing
# errors that tests make on purpose), one a line.
cd "$(dirname "$0")/../.." || exit 2
exec codespell --quiet-level=3 --ignore-words=tests/lint/spelling.ignore \
	--skip='./build,./.git,./tests/fuzz/corpus,*.jsonl,*.pyc,./LICENSE' .
