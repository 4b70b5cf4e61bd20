# Two commands matter to a newcomer: `make demo` and `make test`. Each sets up all it needs.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# What this machine happens to have set must not change a result. Addresses of package
# indexes (PIP_*) stay: they say where to fetch from, the lock says what.
unexport PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONOPTIMIZE PYTHONWARNINGS VIRTUAL_ENV
unexport PYTEST_ADDOPTS PYTEST_PLUGINS MYPYPATH RUFF_CONFIG
unexport MIX_ENV MIX_EXS MIX_TARGET MIX_BUILD_PATH MIX_DEPS_PATH ERL_LIBS ERL_FLAGS ERL_AFLAGS ELIXIR_ERL_OPTIONS
unexport GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY
export LANG := C.UTF-8
export LC_ALL := C.UTF-8

VENV := .venv
BIN := $(VENV)/bin
# Scripts in a virtual environment name their interpreter by absolute path: one that was
# copied or moved with the checkout is made anew.
HERE := $(VENV)/here-$(shell pwd | cksum | cut -d' ' -f1)
LOCKED := $(HERE)-locked
INSTALLED := $(HERE)-installed

GOAL ?= make this truly fault-tolerant

.PHONY: help install elixir judges demo simulate tour story story-serverless chaos test conformance lint lint-workflows format lock bench bench-bad-input bench-context bench-detect bench-ingress bench-pipeline bench-plans bench-simulator image-test clean docs

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

$(LOCKED): requirements/dev.txt scripts/venv.sh
	@bash scripts/venv.sh
	@touch $@

$(INSTALLED): $(LOCKED) pyproject.toml
	@$(BIN)/python -m pip install -qq --no-input --disable-pip-version-check \
	  --no-deps --no-build-isolation --no-index --editable .
	@touch $@

install: $(INSTALLED) ## .venv with the locked dependencies and genesis in .venv/bin

elixir: ## Elixir from the system's packages, when there is none
	@elixir -e 'IO.puts("Elixir " <> System.version())' 2>/dev/null || bash scripts/apt.sh Elixir elixir

judges: ## GitHub's own descriptions and the emulator that judge the simulator (npm)
	@bash scripts/judges.sh

demo: install elixir ## the main job on a copy of examples/courier
	@GOAL='$(GOAL)' GENESIS=$(CURDIR)/$(BIN)/genesis bash scripts/demo.sh examples/courier

test: install elixir ## the whole suite
	@bash scripts/judges.sh --optional
	@$(BIN)/python -m pytest -n auto --dist loadfile

conformance: install judges ## the simulator before its judges: a table of operations and webhooks
	@$(BIN)/python -m pytest -q -n 0 tests/simulator/judges/test_conformance.py
	@$(BIN)/python -m tests.simulator.judges.report

lint: install ## ruff, mypy --strict, import-linter, and the linters of workflows
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m scripts.lint_workflows

lint-workflows: install ## zizmor, actionlint, shellcheck and schemas over workflows (needs bubblewrap)
	$(BIN)/python -m scripts.lint_workflows

format: install ## let ruff rewrite what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: install ## new lock files from pyproject.toml
	bash scripts/lock.sh

simulate: install elixir ## a local GitHub over the sample app, until Ctrl-C; SIMULATE="--fresh" begins anew
	@$(BIN)/genesis simulate courier=examples/courier $(SIMULATE)

tour: install elixir ## a tour of the local GitHub with git, curl and githubkit
	@$(BIN)/python -m examples.tour

story: install elixir ## a plan from the label to the last merge, on a local GitHub with real mix
	@$(BIN)/python -m examples.story

story-serverless: install elixir ## the same without a server: the bot is a job, as an App and with the job's token
	@$(BIN)/python -m examples.story.serverless

chaos: install elixir ## whole plans under faults and kills; CHAOS="--runs 5 --seed 7"
	@$(BIN)/python -m examples.story.chaos $(CHAOS)

bench: install ## speed and memory, as ratios; BENCH="DIR ..." measures other code
	@$(BIN)/python -m benchmarks.analysis $(BENCH)

bench-detect: install ## what the rules find of what is there, by rule; the corpus where it is
	@$(BIN)/python -m benchmarks.detect $(BENCH)

bench-bad-input: install ## damaged and huge files by the thousand; BENCH="--batches 50 DIR ..."
	@$(BIN)/python -m benchmarks.bad_input $(BENCH)

bench-pipeline: install ## the engine per step, checking a large file, the start of the command
	@$(BIN)/python -m benchmarks.overhead
	@$(BIN)/python -m benchmarks.pipeline

bench-context: install ## the skeleton against repomix (npm); BENCH="DIR ..." packs other code
	@$(BIN)/python -m benchmarks.skeleton $(BENCH)

bench-simulator: install ## the local GitHub: start, calls a second, long lists, dispatch
	@$(BIN)/python -m benchmarks.simulator

bench-ingress: install ## the webhook ingress against Probot (npm) on one core each
	@$(BIN)/python -m benchmarks.ingress

bench-plans: install ## one state transition, and a look at 1,000 open plans
	@$(BIN)/python -m benchmarks.plans

docs: install ## the docs site in site/, strictly (npm)
	@bash scripts/docs.sh

image-test: ## builds the images in a bare root and tries them, without Docker (needs root)
	@bash scripts/image-test.sh

clean: ## remove whatever make has made
	rm -rf $(VENV) site .docs .judges .probot build dist benchmarks/out .mypy_cache .ruff_cache .pytest_cache .hypothesis \
	  .import_linter_cache examples/*/_build examples/*/deps
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
