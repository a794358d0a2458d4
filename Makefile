# Two commands do everything a newcomer needs: `make run` and `make test`. `make help` lists the others.
# On Windows, see README.md.

PYTHON_ENV := .venv
RUN := $(PYTHON_ENV)/bin/python
EXAMPLE := resources/examples/two_compartment_and_solid.dat

.DEFAULT_GOAL := help
.PHONY: help run test venv system lint format pytest bench train basis package selftest clean

help: ## list these commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | awk -F'|' '{printf "  make %-10s %s\n", $$1, $$2}'

run: system venv ## open the window with an example analysed (without a display: print the analysis)
	@$(RUN) main.py $(EXAMPLE)

test: lint pytest ## everything that must pass: style, types, import contracts, all tests

venv: ## make the Python environment .venv, with the exact versions of constraints.txt
	@scripts/make-venv.sh $(PYTHON_ENV) cluster,dev

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

clean: ## remove what was built; the environments stay unless you delete .venv and .venv-package
	rm -rf build dist htmlcov .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
	find . -path ./.venv -prune -o -path ./.venv-package -prune -o -name __pycache__ -type d -print | xargs rm -rf
