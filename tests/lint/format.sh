#!/bin/sh
# format.sh - every C file is as clang-format would write it. To repair: ./dev format
cd "$(dirname "$0")/../.." || exit 2
find protocol pdk-bridge plugins server tests examples -name '*.[ch]' \
	-exec clang-format --dry-run -Werror --ferror-limit=1 {} +
