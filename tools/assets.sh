#!/usr/bin/env bash
# The page's JavaScript from its locked npm packages; Node comes from a Python package if need be.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '» %s\n' "$*" >&2; }
fail() { printf '✗ %s\n' "$*" >&2; exit 1; }

if command -v npm >/dev/null && command -v node >/dev/null; then
    npm=(npm)
else
    # Its scripts call `node` by name.
    export PATH="$PWD/.venv/bin:$PATH"
    npm=(.venv/bin/npm)
fi
say "installing the page's JavaScript"
"${npm[@]}" ci --silent --no-fund --no-audit || fail "npm could not install the page's libraries"
"${npm[@]}" run --silent assets
