#!/usr/bin/env bash
# Installs the Debian packages that are missing. "demo": what runs; "test": what the tests need too;
# "bench": what the bench needs too.
set -euo pipefail

say() { printf '» %s\n' "$*" >&2; }
fail() { printf '✗ %s\n' "$*" >&2; exit 1; }

missing=()
need() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed' || missing+=("$1"); }

command -v python3 >/dev/null || fail "python3 is missing: install it first"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
    || fail "Python 3.11 or newer is needed, this is $(python3 --version)"

if ! command -v apt-get >/dev/null; then
    say "this is not Debian or Ubuntu: make sure that PostgreSQL with PostGIS is installed"
    [ "$1" = demo ] || say "and Chromium with a Chinese font, for the tests and the bench"
    [ "$1" != test ] || say "and QGIS with its Python, Xvfb, ogr2ogr and psql, for the tests"
    [ "$1" != bench ] || say "and wrk, for the bench"
    exit 0
fi

# The server's version that Debian or Ubuntu gives; an installed one is kept.
major=$(ls /usr/lib/postgresql 2>/dev/null | sort -n | tail -n 1)
need_postgis() {
    if [ -n "$major" ] && [ -x "/usr/lib/postgresql/$major/bin/initdb" ]; then
        need "postgresql-$major-postgis-3"
    else
        need postgresql
        need postgresql-postgis
    fi
}
need_postgis
# ensurepip is a package of its own in Debian.
python3 -c 'import ensurepip' 2>/dev/null || need python3-venv
if [ "$1" != demo ]; then
    if ! command -v chromium >/dev/null; then
        # Ubuntu's package of that name is a stub that wants snap.
        . /etc/os-release
        [ "${ID:-}" = ubuntu ] && fail "install Chromium or Chrome and put it on PATH as chromium"
        need chromium
    fi
    need fonts-noto-cjk
fi
if [ "$1" = test ]; then
    # Planners' programs; QGIS wants a screen.
    need qgis
    need python3-qgis
    need xvfb
    need gdal-bin
fi
if [ "$1" = bench ] && ! command -v wrk >/dev/null; then
    need wrk
fi

[ ${#missing[@]} -eq 0 ] && exit 0

run=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "as root, run: apt-get install ${missing[*]}"
    run=(sudo)
fi
say "installing ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# No cluster of the system's own is wanted: ours is private.
{ "${run[@]}" apt-get update && "${run[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 \
    || { tail -n 15 "$log" >&2; fail "apt-get could not install ${missing[*]}; see above"; }
