#!/bin/sh
# Packs dist/LNPScope as dist/LNPScope-VERSION-linux-MACHINE.tar.xz, with what a desktop needs: launcher, icon, file types, licences.
set -eu
cd "$(dirname "$0")/.."
version=$(sed -n 's/^VERSION = "\(.*\)"/\1/p' engine/version.py)
name=LNPScope-$version-linux-$(uname -m)

cp packaging/lnpscope.desktop packaging/lnpscope-mime.xml packaging/add-to-menu.sh packaging/README.txt resources/icons/lnpscope.svg dist/LNPScope/
mkdir -p dist/LNPScope/licenses
cp LICENSE dist/LNPScope/licenses/LNPScope.txt
for folder in .venv-package/lib/python3*/site-packages/*.dist-info; do
    package=$(basename "$folder" .dist-info)
    find "$folder" -type f \( -iname 'licen[cs]e*' -o -iname 'copying*' -o -iname 'notice*' \) | while read -r file; do
        cp "$file" "dist/LNPScope/licenses/$package-$(basename "$file")"
    done
done

# Level 3 is a third of the time of the default and 3 % larger; all cores. Not a pipe, in which a failure of tar would be lost.
tar --create --file "dist/$name.tar.xz.part" --use-compress-program 'xz -3 --threads=0' --directory dist --owner=0 --group=0 \
    --transform "s,^LNPScope,$name," LNPScope
mv "dist/$name.tar.xz.part" "dist/$name.tar.xz"
echo "dist/LNPScope: $(du --summarize --apparent-size --block-size=1000000 dist/LNPScope | cut -f1) MB"
echo "dist/$name.tar.xz: $(du --apparent-size --block-size=1000000 "dist/$name.tar.xz" | cut -f1) MB"
