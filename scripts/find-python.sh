#!/bin/sh
# Prints the path of a Python this program runs on (3.11 to 3.14), or says on the error stream what to install.
# PYTHON=/path/to/python chooses one by hand.
set -eu

suits() {
    command -v "$1" >/dev/null 2>&1 &&
        "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' >/dev/null 2>&1
}

if [ -n "${PYTHON:-}" ]; then
    if suits "$PYTHON"; then
        command -v "$PYTHON"
        exit 0
    fi
    echo "PYTHON=$PYTHON is not a Python 3.11 to 3.14; name another one, or leave PYTHON unset." >&2
    exit 1
fi

for candidate in python3 python3.13 python3.12 python3.11 python3.14 python; do
    if suits "$candidate"; then
        command -v "$candidate"
        exit 0
    fi
done

found=$(python3 --version 2>/dev/null || echo "no python3 at all")
echo "Python 3.11 to 3.14 is needed; this machine has $found." >&2
echo "On Debian 12, Ubuntu 24.04 or later: apt-get install python3 python3-venv. Elsewhere: https://www.python.org/downloads/" >&2
exit 1
