#!/bin/sh
# Judges test/vectors/*.json by adapters/wire/boardlet.cddl with cddl-verifier, an implementation of CDDL and CBOR that is
# not ours. Installs it once into a folder of the user's cache that carries its version; needs python3 with venv, and
# PyPI the first time.
#
#   test/wire/validate-cddl.sh        exit 0: all as it should be, 1: not, 3: the tool could not be installed
set -eu
here=$(cd "$(dirname "$0")" && pwd)
version=1.5.3
venv="${XDG_CACHE_HOME:-$HOME/.cache}/boardlet/cddl-verifier-$version"
if [ ! -e "$venv/complete" ]; then
  rm -rf "$venv"
  if ! { python3 -m venv "$venv" &&
    "$venv/bin/pip" --quiet --disable-pip-version-check install "cddl-verifier==$version"; }; then
    echo "cddl-verifier $version could not be installed: python3 with venv and PyPI are needed" >&2
    exit 3
  fi
  touch "$venv/complete"
fi
exec "$venv/bin/python" "$here/validate_cddl.py"
