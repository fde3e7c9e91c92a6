# One command for each habit. `make` alone lists them.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory --no-builtin-rules

VENV ?= .venv
PYTHON ?=
PORT ?= 8000
HOST ?= 127.0.0.1
PYTEST ?=
BENCH ?=
FAULTS ?= 40
SEED ?= 7
FAULTS_OPTIONS ?=

run := $(VENV)/bin/python
pip := $(run) -m pip --disable-pip-version-check install --quiet
export PORT HOST

.PHONY: help
help: ## list the commands
	@echo "Undertone. Commands:"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | while IFS=$$'\t' read -r name text; do printf '  make %-24s %s\n' "$$name" "$$text"; done

.PHONY: demo
demo: $(VENV)/.runtime ## start a synthetic clinic (PORT=8000 HOST=127.0.0.1); Ctrl-C stops it
	@exec env UNDERTONE_ENV=demo $(run) manage.py demo

.PHONY: demo-reset
demo-reset: $(VENV)/.runtime ## delete the demonstration's data
	@UNDERTONE_ENV=demo $(run) manage.py demo --reset

.PHONY: test
test: $(VENV)/.dev ## run all tests on real PostgreSQL and Redis (PYTEST="-k name" to choose)
	@$(run) -m pytest $(PYTEST)

.PHONY: lint
lint: $(VENV)/.dev ## check style, types, import contracts, migrations and settings
	@$(VENV)/bin/ruff check
	@$(VENV)/bin/ruff format --check
	@$(VENV)/bin/mypy .
	@$(VENV)/bin/lint-imports
	@$(run) manage.py makemigrations --check --dry-run
	@$(run) manage.py check

.PHONY: format
format: $(VENV)/.dev ## put the code into its one format
	@$(VENV)/bin/ruff check --fix-only --quiet
	@$(VENV)/bin/ruff format

.PHONY: messages
messages: $(VENV)/.dev ## collect what people read into locale/, and compile what is translated of it
	@$(run) -m tests.languages.catalogs

.PHONY: train-demo-checkpoint
train-demo-checkpoint: $(VENV)/.dev ## train the demonstration checkpoint again (needs espeak-ng, Festival)
	@$(run) -m inference.training.train_demo

.PHONY: evaluate-demo
evaluate-demo: $(VENV)/.dev ## measure the demonstration checkpoint on unseen voices (needs espeak-ng, flite)
	@$(run) -m inference.training.evaluate_demo
	@$(run) -W ignore::UserWarning:pyworld -m inference.training.evaluate_voices

.PHONY: bench
bench: $(VENV)/.runtime ## measure what each stage of the engine costs, in time and memory (BENCH="--minutes 60" for more)
	@$(run) manage.py bench engine $(BENCH)

.PHONY: faults
faults: $(VENV)/.dev ## break a running installation and count what is lost (FAULTS=500 SEED=7; needs faketime)
	@$(run) -m tests.faults --faults "$(FAULTS)" --seed "$(SEED)" $(FAULTS_OPTIONS)

.PHONY: security
security: $(VENV)/.dev ## attack Undertone: every route in every role, bad input, tampering; a table last (PYTEST="-x")
	@$(run) -m pytest -p tests.security.table tests/security tests/tenancy tests/accounts/test_verify_access_log.py $(PYTEST)

.PHONY: screenshots
screenshots: $(VENV)/.dev ## take a picture of each page of the demonstration into docs/images (needs Chromium; some minutes)
	@$(run) -m tests.browser.screenshots

.PHONY: audit
audit: $(VENV)/.dev ## are vulnerabilities known in the locked packages? (asks pypi.org; exit status 2 if it cannot)
	@$(run) -m tests.security.audit requirements.lock

.PHONY: sbom
sbom: $(VENV)/.dev ## list the locked packages in build/sbom.json (CycloneDX)
	@mkdir -p build
	@$(VENV)/bin/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible -o build/sbom.json requirements.lock
	@echo "build/sbom.json"

.PHONY: references
references: $(VENV)/.dev ## compare the acoustic measures with Praat's (an environment of its own; needs espeak-ng, flite)
	@[ -x build/references/bin/python ] || "$(run)" -m venv build/references
	@build/references/bin/python -m pip --disable-pip-version-check install --quiet -r tests/references/requirements.txt
	@mkdir -p build/references/sounds
	@OMP_NUM_THREADS=1 $(run) -W ignore::UserWarning:pyworld -m tests.references.ours build/references/sounds
	@build/references/bin/python tests/references/praat.py build/references/sounds

.PHONY: demo-audio
demo-audio: $(VENV)/.dev ## render the demonstration's recordings again (needs espeak-ng)
	@$(run) -W ignore::UserWarning:pyworld manage.py render_demo_audio

# The CPU build of torch calls itself 2.13.0+cpu, which only its own index has; 2.13.0 is found everywhere.
lock_options := --quiet --strip-extras --allow-unsafe --no-emit-index-url --no-emit-find-links --no-emit-options --no-emit-trusted-host
.PHONY: lock
lock: $(VENV)/.dev ## resolve the dependencies again (LOCK=--upgrade for newer ones)
	@$(run) -m piptools compile $(lock_options) $(LOCK) --extra=dev --extra=kms --extra=train --output-file=requirements-dev.lock pyproject.toml
	@sed -i 's/^torch==2\.13\.0+cpu$$/torch==2.13.0/' requirements-dev.lock
	@$(run) -m piptools compile $(lock_options) $(LOCK) --constraint=requirements-dev.lock --output-file=requirements.lock pyproject.toml
	@sed -i 's/^torch==2\.13\.0+cpu$$/torch==2.13.0/' requirements.lock

.PHONY: clean
clean: ## delete the environment and all caches; the demonstration's data stays (see demo-reset)
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache staticfiles test-results
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Each stamp is as new as the lock file that was installed, so a second start installs nothing. librosa is compiled by one
# process, here: several that compile it at once can leave a cache that crashes its readers (numba's issue 10128).
compile := $(run) -c 'import librosa; librosa.util.frame'
$(VENV)/.runtime: requirements.lock | $(VENV)/bin/python
	@echo "Installing what Undertone needs (once; PyTorch is large, so this takes some minutes) ..."
	@$(pip) --requirement requirements.lock
	@$(compile)
	@touch $@

$(VENV)/.dev: requirements-dev.lock | $(VENV)/bin/python
	@echo "Installing what Undertone's development needs ..." >&2
	@$(pip) --requirement requirements-dev.lock
	@$(compile)
	@touch $@

$(VENV)/bin/python:
	@python=""; \
	for candidate in $(PYTHON) python3.11 python3; do \
	    if "$$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' 2>/dev/null; then \
	        python="$$candidate"; break; \
	    fi; \
	done; \
	if [ -z "$$python" ]; then \
	    echo "Undertone needs Python 3.11 or 3.12, and none was found. Please install it, or name it: make PYTHON=/path/to/python3.11" >&2; \
	    exit 1; \
	fi; \
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
	    echo "This Python has no 'venv' module. Please install it (on Debian and Ubuntu: the package python3-venv)." >&2; \
	    exit 1; \
	fi; \
	"$$python" -m venv $(VENV)
