#!/bin/sh
# Prints constraints.txt: the newest versions that pyproject.toml allows.
set -eu
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
"${PYTHON:-python3}" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --editable '.[test]' setuptools >&2
printf '%s\n' '# The exact versions that make installs, so that two machines run the same code.' \
    '# Renew: make constraints'
{
    "$folder/bin/python" -m pip freeze --all --exclude pip --exclude-editable
    echo 'async-timeout==5.0.1' # redis wants it from Python before 3.11.3, which Debian 12 has
} | sort -f
