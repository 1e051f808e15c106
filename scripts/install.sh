#!/bin/sh
# Makes .venv and installs this project into it: install.sh EXTRA, `embedded` to run it or
# `test` to work on it. Needs Python 3.11 or newer; neither root nor git.
set -eu
cd "$(dirname "$0")/.."
extra=$1
venv=.venv
new_enough='import sys; sys.exit(sys.version_info < (3, 11))'

say() { printf '%s\n' "$*" >&2; }

python() { # prints a Python that is new enough
    for name in "${PYTHON:-}" python3 python3.13 python3.12 python3.11; do
        if [ -n "$name" ] && "$name" -c "$new_enough" 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    say 'Python 3.11 or newer is needed and was not found. On Debian 12: apt install python3'
    say 'If it is somewhere else, say where: make run PYTHON=/path/to/python3'
    exit 1
}

with_uv() {
    [ -x "$venv/bin/python" ] || uv venv --quiet --python "$1" "$venv"
    UV_CONSTRAINT=constraints.txt UV_BUILD_CONSTRAINT=constraints.txt \
        uv pip install --quiet --python "$venv/bin/python" --editable ".[$extra]"
}

with_pip() {
    [ -x "$venv/bin/python" ] || make_venv "$1"
    export PIP_CONSTRAINT="$PWD/constraints.txt" PIP_DISABLE_PIP_VERSION_CHECK=1
    pip "$1" install --quiet --editable ".[$extra]"
}

make_venv() { # PYTHON
    if "$1" -c 'import ensurepip' 2>/dev/null; then
        "$1" -m venv "$venv"
    elif can_reach_in "$1"; then
        "$1" -m venv --without-pip "$venv"
    elif command -v virtualenv >/dev/null 2>&1; then
        virtualenv --quiet --python "$1" "$venv"
    else
        say 'This Python cannot make virtual environments: it comes without ensurepip and pip.'
        say 'Install one of them and run this again. On Debian: apt install python3-venv'
        say 'Without root: install uv from its project page, or virtualenv.'
        exit 1
    fi
}

pip() { # PYTHON WORDS: the environment's own pip, else that of the Python outside
    outside=$1
    shift
    if [ -x "$venv/bin/pip" ]; then
        "$venv/bin/python" -m pip "$@"
    else
        "$outside" -m pip --python "$venv/bin/python" "$@"
    fi
}

can_reach_in() { # PYTHON: since pip 22.3 one pip can serve another environment
    "$1" -m pip --python "$1" --version >/dev/null 2>&1
}

found=$(python) || exit 1
say "Installing into $venv (once; a minute or two) ..."
if command -v uv >/dev/null 2>&1; then with_uv "$found"; else with_pip "$found"; fi
