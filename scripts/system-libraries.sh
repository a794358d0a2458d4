#!/bin/sh
# The system's part of the set-up: shared libraries that Qt and VTK load, and Debian's separate venv package.
# Installs what is missing where it may (apt, and root or a sudo that asks no password); otherwise prints the line to run
# and goes on, because much of the program works without, and because the missing parts may lie elsewhere.
set -eu
cd "$(dirname "$0")/.."

[ "$(uname -s)" = Linux ] || exit 0

# shared library | Debian and Ubuntu package that holds it (newer releases answer to these names too)
needed='libglib-2.0.so.0|libglib2.0-0
libGL.so.1|libgl1
libEGL.so.1|libegl1
libxkbcommon.so.0|libxkbcommon0
libfontconfig.so.1|libfontconfig1
libdbus-1.so.3|libdbus-1-3
libxkbcommon-x11.so.0|libxkbcommon-x11-0
libxcb-cursor.so.0|libxcb-cursor0
libxcb-icccm.so.4|libxcb-icccm4
libxcb-keysyms.so.1|libxcb-keysyms1
libxcb-shape.so.0|libxcb-shape0'

known=$( (ldconfig -p || /sbin/ldconfig -p) 2>/dev/null || true)
packages= libraries=
for entry in $needed; do
    case "$known" in
        *"${entry%|*}"*) ;;
        *) libraries="$libraries ${entry%|*}" packages="$packages ${entry#*|}" ;;
    esac
done
if [ ! -d /usr/share/fonts ] || [ -z "$(find /usr/share/fonts -name '*.ttf' -o -name '*.otf' | head -n 1)" ]; then
    libraries="$libraries fonts" packages="$packages fonts-dejavu-core"
fi

# Debian and Ubuntu part the venv module from Python itself.
if python=$(scripts/find-python.sh 2>/dev/null) && ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
    packages="$packages $("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
    libraries="$libraries python-venv"
fi

[ -n "$packages" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "Missing on this system:$libraries. Install them with its package manager; on Debian and Ubuntu they are called:$packages" >&2
    exit 0
fi

install="apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends$packages"
if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null 2>&1 && sudo -n true >/dev/null 2>&1; then
    as_root="sudo -n"
else
    echo "Some libraries of the system are missing. Please run, then try again:" >&2
    echo "    sudo $install" >&2
    exit 0
fi

echo "Installing for Qt and VTK:$packages"
attempt() {
    # shellcheck disable=SC2086 # the words of both variables are meant to be parted
    $as_root env DEBIAN_FRONTEND=noninteractive $install </dev/null >/dev/null 2>&1
}
refresh() {
    $as_root apt-get -o DPkg::Lock::Timeout=300 update </dev/null >/dev/null 2>&1
}
# A fresh machine has no package lists yet, an old one stale ones: try, fetch the lists, try again.
if ! attempt && ! { refresh && attempt; }; then
    echo "These packages could not be installed. Please run, then try again:" >&2
    echo "    sudo apt-get update && sudo $install" >&2
fi
