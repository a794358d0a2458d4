#!/bin/sh
# make-venv.sh DIR EXTRAS: makes the Python environment DIR with this program, its dependencies in the exact versions of
# constraints.txt, and the named extras of pyproject.toml. Returns at once when DIR is already what it should be.
set -eu
cd "$(dirname "$0")/.."
directory=$1 extras=$2
python=$directory/bin/python

# What the environment was made from: dependencies (not the settings of tools below them), versions, this recipe.
recipe=$({ sed '/^\[tool\./,$d' pyproject.toml; cat constraints.txt scripts/make-venv.sh; echo "$extras"; pwd; } | cksum)
if [ "$(cat "$directory/.complete" 2>/dev/null || true)" = "$recipe" ] && "$python" -c '' 2>/dev/null; then
    exit 0
fi

base=$(scripts/find-python.sh)
if ! "$base" -c 'import ensurepip, venv' >/dev/null 2>&1; then
    version=$("$base" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    echo "$base has no venv module. On Debian and Ubuntu: sudo apt-get install python$version-venv" >&2
    exit 1
fi
echo "Making the Python environment $directory with $("$base" --version). The first time this downloads about 500 MB."
rm -f "$directory/.complete"
"$python" -c 'import pip' 2>/dev/null || "$base" -m venv --clear "$directory"

# PyPI's torch for Linux brings several GB of CUDA libraries, which this program does not need. PyTorch's own index has the
# same version built for CPUs; it is asked first, for this one package, so that nothing else can come from there.
# Where it can't be reached, pip still takes a CPU build from a local wheel directory if one is configured (find-links),
# and otherwise the next step takes the torch of the usual index. PyPI's macOS and Windows builds are CPU builds anyway.
# TORCH_INDEX=https://download.pytorch.org/whl/cu130 make venv: a build for NVIDIA cards instead.
torch=$(sed -n 's/^torch==//p' constraints.txt)
index=${TORCH_INDEX:-https://download.pytorch.org/whl/cpu}
installed=$("$python" -c 'import importlib.metadata as m; print(m.version("torch"))' 2>/dev/null || true)
if [ "$(uname -s)" = Linux ] && [ "${installed%%+*}" != "$torch" ]; then
    "$python" -m pip install --quiet --no-deps --retries 1 --timeout 10 --index-url "$index" "torch==$torch+${index##*/}" 2>/dev/null ||
        echo "No torch $torch+${index##*/} from $index; taking the one of your usual package index, which may be larger."
fi

"$python" -m pip install --quiet --constraint constraints.txt --editable ".${extras:+[$extras]}"
echo "$recipe" >"$directory/.complete"
