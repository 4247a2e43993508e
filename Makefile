# Every task, for people, for .ci/run and for CodeBuild alike. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
BIN := .venv/bin
READY := .venv/.ready
# The first Python that the pinned libraries have wheels for (3.11 to 3.13); `make PYTHON=...` overrides.
PYTHON ?= $(shell for python in python3 python3.12 python3.13 python3.11; do \
  $$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$python && break; done)
ROWS ?= 20000

.PHONY: help
help: ## list the tasks
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

.PHONY: setup
setup: $(READY) ## create .venv and install everything (the other tasks do it by themselves)

$(READY): requirements/dev.txt setup.py
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11, 3.12 or 3.13 found; install one, or name it: make PYTHON=/path/to/python3.12"; exit 1; }
	@echo "setting up .venv with $$($(PYTHON) --version) (about a minute, once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --requirements requirements/dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

.PHONY: demo
demo: $(READY) ## make a model on this machine: start localcloud, run the pipeline there, judge the model (ROWS=20000, DATA=folder, KEEP=1)
	@$(BIN)/python -m localcloud.demo --rows $(ROWS) $(if $(DATA),--data "$(DATA)") $(if $(KEEP),--keep)

.PHONY: up
up: $(READY) ## start AWS on this machine unless it runs; the last line is its URL
	@$(BIN)/python -m localcloud up

.PHONY: down
down: $(READY) ## end it, with everything it started and everything in it
	@$(BIN)/python -m localcloud down

.PHONY: test
test: $(READY) ## run all tests
	@$(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

.PHONY: check
check: $(READY) ## lint, formatting, types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy pipelines codepipeline localcloud
	@$(BIN)/mypy --python-version 3.12 scripts

.PHONY: format
format: $(READY) ## mend formatting and what the linter can mend
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

.PHONY: bench
bench: $(READY) ## measure against the usual way, side by side (about ten minutes); tables in benchmarks/results
	@for benchmark in preprocess train inference pipeline; do $(BIN)/python benchmarks/$$benchmark.py || exit 1; done

.PHONY: lock
lock: $(READY) ## pin every version again from requirements/*.in
	@cd requirements && ../$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url --output-file dev.txt dev.in

.PHONY: clean
clean: ## remove everything these tasks made, .venv included
	@rm -rf .venv .localcloud build reports *.egg-info .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
