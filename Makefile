# Two commands do everything a newcomer needs: `make run` and `make test`. `make help` lists the others.
# On Windows, see README.md.

PYTHON_ENV := .venv
RUN := $(PYTHON_ENV)/bin/python
EXAMPLE := resources/examples/two_compartment_and_solid.dat

.DEFAULT_GOAL := help
.PHONY: help run test bench faults fuzz coverage mutants venv system lint format pytest basis train package selftest screenshots clean

help: ## list these commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | awk -F'|' '{printf "  make %-10s %s\n", $$1, $$2}'

run: system venv ## open the window with an example analysed (without a display: print the analysis)
	@$(RUN) main.py $(EXAMPLE)

test: lint pytest ## everything that must pass: style, types, import contracts, all tests

venv: ## make the Python environment .venv, with the exact versions of constraints.txt
	@scripts/make-venv.sh $(PYTHON_ENV) cluster,dev,nufft

system: # shared libraries of the system that Qt and VTK need
	@scripts/system-libraries.sh

lint: system venv ## style (ruff), types (mypy), import contracts (import-linter)
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check
	$(RUN) -m mypy
	$(PYTHON_ENV)/bin/lint-imports --no-cache

format: venv ## let ruff put the code into shape
	$(RUN) -m ruff format
	$(RUN) -m ruff check --fix

pytest: system venv # the tests alone; ARGS='tests/io -k unit' chooses some
	$(RUN) -m pytest $(ARGS)

selftest: system venv ## check this installation: a table of pass and fail, and the versions
	@$(RUN) main.py selftest

package: system ## build the program as one folder and, on Linux, a tarball; then let it test itself
	@scripts/make-venv.sh .venv-package package
	.venv-package/bin/python -m PyInstaller --noconfirm --log-level WARN pyinstaller.spec
	@rm -rf build/pyinstaller
	dist/LNPScope/LNPScope selftest
	@if [ "$$(uname -s)" = Linux ]; then scripts/make-tarball.sh; fi

bench: system venv ## measure the program against its figures and print them (about forty minutes)
	@missed=0; for subject in start window files scattering learning paper analysis; do $(RUN) main.py benchmark $$subject || missed=1; echo; done; \
	QT_QPA_PLATFORM=offscreen $(RUN) -m lnpgui.plots.timing; exit $$missed

TIMES := 30

faults: system venv ## kill the program TIMES=30 times at each kind of work, fill its disk and so on; print what survived (Linux)
	@$(RUN) scripts/try_faults.py --times $(TIMES)

N := 10000

fuzz: system venv ## break N=10000 files and read them, watched by the system (Linux; about three minutes)
	@$(RUN) scripts/fuzz_reader.py $(N)

PARTS := scattering models ensembles datasets inference learning io commands verdicts faults lnpgui

coverage: system venv ## which branches of the code the tests take: the shares, and the files with most left (about half an hour)
	$(RUN) -m coverage erase
	@missed=0; for part in $(PARTS:%=tests/%) "$$(echo tests/test_*.py)"; do \
	echo "$$part"; $(RUN) -m coverage run -m pytest -q $$part || missed=1; done; \
	$(RUN) -m coverage combine -q; $(RUN) scripts/report_coverage.py && exit $$missed

COUNT := 200

mutants: system venv ## change the solvers and the fit in COUNT=200 small ways, and print the changes no test notices (an hour)
	@$(RUN) scripts/try_mutants.py --count $(COUNT)

BASIS := --out engine/datasets/data/default_basis.h5 --overwrite --diameters 10:220:0.5 --shells 4 --q-max 5.128 --points 642 --fixed-contrasts

SHELLS := --out engine/datasets/data/other_shells.h5 --overwrite --types 1 2 3 --diameters 12:200:1 --shells 3 3.5 4.5 5 --q-max 3.2 --points 401 --fixed-contrasts

basis: venv ## make the curves the analysis compares with anew (they come with the program)
	$(RUN) main.py library $(BASIS)
	$(RUN) main.py library $(SHELLS)

train: venv ## train the model that comes with the program anew (about 25 minutes on two cores)
	OMP_WAIT_POLICY=passive $(RUN) main.py train --config resources/models/default.toml --out resources/models/default

screenshots: system venv ## take pictures of every panel, light and dark, at 100 % and 200 %, into build/screenshots (Linux: xvfb-run)
	xvfb-run -a -s '-screen 0 2800x1800x24' $(RUN) -m lnpgui.screenshots --out build/screenshots

clean: ## remove what was built; the environments stay unless you delete .venv and .venv-package
	rm -rf build dist htmlcov mutants .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
	find . -path ./.venv -prune -o -path ./.venv-package -prune -o -name __pycache__ -type d -print | xargs rm -rf
