#!/bin/sh
# Installs into build/peers the tools that the benchmarks compare with.
set -eu
cd "$(dirname "$0")/.."
.venv/bin/python -m venv --clear build/peers
build/peers/bin/python -m pip --disable-pip-version-check install --quiet \
    ansible-core==2.19.14 pyinfra==3.10.0
