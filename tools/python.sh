#!/usr/bin/env bash
# The locked Python environment in .venv, made by uv, which is itself installed in .cache/tools.
set -euo pipefail
cd "$(dirname "$0")/.."

UV_VERSION=0.13.9
say() { printf '» %s\n' "$*" >&2; }
fail() { printf '✗ %s\n' "$*" >&2; exit 1; }

if [ "$(.cache/tools/bin/uv --version 2>/dev/null | cut -d' ' -f2)" != "$UV_VERSION" ]; then
    say "installing uv $UV_VERSION"
    python3 -m venv --clear .cache/tools
    .cache/tools/bin/python -m pip install -q --disable-pip-version-check "uv==$UV_VERSION" \
        || fail "uv could not be installed; is the package index reachable?"
fi
say "installing the locked Python environment"
[ -x .venv/bin/python ] || .cache/tools/bin/uv venv -q --python "$(command -v python3)" .venv
.cache/tools/bin/uv pip sync -q --python .venv --require-hashes requirements-dev.lock \
    || fail "the Python packages could not be installed; is the package index reachable?"
.cache/tools/bin/uv pip install -q --python .venv --no-deps --no-build-isolation -e .
