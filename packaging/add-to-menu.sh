#!/bin/sh
# Puts LNPScope into the menu of the current user and offers it for scattering curves. `add-to-menu.sh --remove` takes it out.
# Nothing outside the user's own data folder is touched. The program itself stays where this file lies.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
data=${XDG_DATA_HOME:-$HOME/.local/share}
desktop=$data/applications/lnpscope.desktop
icon=$data/icons/hicolor/scalable/apps/lnpscope.svg
mime=$data/mime/packages/lnpscope-mime.xml

if [ "${1:-}" = --remove ]; then
    rm -f "$desktop" "$icon" "$mime"
else
    mkdir -p "$(dirname "$desktop")" "$(dirname "$icon")" "$(dirname "$mime")"
    # in a .desktop file a path is quoted, and its special characters are escaped twice
    path=$(printf '%s' "$here/LNPScope" | sed 's/[\\"`$]/\\\\&/g; s/%/%%/g; s/[&|\\]/\\&/g')
    sed "s|^Exec=.*|Exec=\"$path\" %F|" "$here/lnpscope.desktop" >"$desktop"
    cp "$here/lnpscope.svg" "$icon"
    cp "$here/lnpscope-mime.xml" "$mime"
fi
command -v update-mime-database >/dev/null 2>&1 && update-mime-database "$data/mime" >/dev/null 2>&1 || true
command -v update-desktop-database >/dev/null 2>&1 && update-desktop-database "$data/applications" >/dev/null 2>&1 || true
if [ "${1:-}" = --remove ]; then
    echo "LNPScope is out of the menu; to remove the program, delete $here"
else
    echo "LNPScope is in the menu of your desktop now."
fi
