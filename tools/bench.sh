#!/usr/bin/env bash
# Lighthouse and what a plain Folium page loads, locked, with the Node of the Python environment:
# the machine's own may be older than Lighthouse wants.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '» %s\n' "$*" >&2; }
fail() { printf '✗ %s\n' "$*" >&2; exit 1; }

# npm calls `node` by name.
export PATH="$PWD/.venv/bin:$PATH"
say "installing Lighthouse, and what a plain Folium page loads"
(cd bench/npm && npm ci --silent) || fail "npm could not install the bench's packages"
