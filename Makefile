# What one can do in this repository. Plain `make` lists it; `make setup` comes first, and the others call it when needed.
# Works with GNU Make 3.81 and later and any POSIX shell.

VENV    = .venv
PYTHON  = $(VENV)/bin/python
READY   = $(VENV)/.ready
WORKERS = 2

# The Pythons to try, in this order, when the environment is created; `make setup BASE_PYTHON=/some/python` names another.
BASE_PYTHON = python3 python3.13 python3.12 python3.11 python

.DEFAULT_GOAL := help
.PHONY: help setup demo test verify check bench lock clean

help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

setup: $(READY) ## Create .venv with everything in requirements.lock, and Desirepath itself

demo: $(READY) ## Run the demonstration
	$(PYTHON) -m scenarios.demo

check: $(READY) ## Style and types: ruff and mypy
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check
	$(PYTHON) -m mypy

test: check ## The quick suite: check, then every test that is not slow
	$(PYTHON) -m pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder

verify: $(READY) ## The slow suite: against queueing theory, and recovery of a hidden truth
	$(PYTHON) -m pytest -m slow -n $(WORKERS) --dist worksteal

bench: $(READY) ## Measure how fast the engines are and how they grow (a quarter of an hour; OPTIONS=--million takes longer)
	$(PYTHON) -m tests.benchmarks $(OPTIONS)

lock: ## Bring requirements.lock up to date with pyproject.toml (needs uv; LOCK_OPTIONS=--upgrade moves every version)
	@command -v uv >/dev/null || { echo "make lock: uv is not on PATH; install it with: pip install uv" >&2; exit 1; }
	uv pip compile --universal --generate-hashes --extra dev --python-version 3.11 \
	    --quiet --custom-compile-command "make lock" $(LOCK_OPTIONS) pyproject.toml -o requirements.lock

clean: ## Remove .venv and every cache; outputs/ stays
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find sim scenarios calibration tests -name __pycache__ -type d -prune -exec rm -rf {} +

# An environment that works is kept and brought up to date; one that is missing, broken or too old is made anew.
# Everything installed comes from the lock, and every file is checked against its hash there. (One package, antlr4's
# runtime for Hydra, exists only as source; whoever installs it fetches setuptools for a moment to build it.)
NEW_ENOUGH = import sys; sys.exit(sys.version_info < (3, 11))

$(READY): requirements.lock pyproject.toml
	@if $(PYTHON) -c '$(NEW_ENOUGH)' 2>/dev/null; then exit 0; fi; \
	for base in $(BASE_PYTHON); do \
	    if "$$base" -c '$(NEW_ENOUGH)' 2>/dev/null; then break; fi; \
	    base=; \
	done; \
	if [ -z "$$base" ]; then \
	    echo "make setup: Desirepath needs Python 3.11 or later, and none of these is: $(BASE_PYTHON)" >&2; \
	    echo "Install one, or name one that you have: make setup BASE_PYTHON=/path/to/python3.12" >&2; \
	    exit 1; \
	fi; \
	echo "Creating $(VENV) with $$base ($$("$$base" --version))"; \
	rm -rf $(VENV); \
	if command -v uv >/dev/null; then uv venv --quiet --python "$$("$$base" -c 'import sys; print(sys.executable)')" $(VENV); \
	elif ! "$$base" -m venv $(VENV); then \
	    rm -rf $(VENV); \
	    echo "make setup: $$base has no venv module that works; on Debian and Ubuntu it is the package python3-venv" >&2; \
	    exit 1; \
	fi
	@if command -v uv >/dev/null; then install="uv pip install --compile-bytecode --python $(PYTHON)"; \
	else \
	    echo "uv is not on PATH, so pip installs; this can take some minutes"; \
	    $(PYTHON) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m ensurepip || exit 1; \
	    install="$(PYTHON) -m pip install --disable-pip-version-check"; \
	fi; \
	$$install --require-hashes -r requirements.lock && \
	$$install --no-build-isolation --no-deps -e .
	@touch $@
