# Every task, for people, for .ci/run and for CodeBuild alike. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
# A target whose recipe fails is deleted, so that the next run makes it again: a .venv without uv would stay.
.DELETE_ON_ERROR:
# Compiled modules are always written: without them every command compiles its libraries again.
export PYTHONDONTWRITEBYTECODE :=
BIN := .venv/bin
READY := .venv/.ready
LIGHT := .venv/.ready-to-deploy
SCAN := .venv/scan
CDK := .venv/cdk
TOOLKIT := .venv/toolkit
IAM := .venv/iam
# Runs a command with a Docker engine.
ENGINE := $(BIN)/python tests/docker/engine.py
IN_CONTAINERS = $(ENGINE) sh -c 'image=$${JOB_IMAGE:-$$($(BIN)/python tests/docker/stand_in.py)} && \
  JOB_IMAGE=$$image $(BIN)/python -m pytest
# Runs a command that may mount file systems, also without being root; they end with it.
MOUNTING := unshare --map-root-user --mount
# The uv of this machine, by its name, as its path may have a space; else one inside .venv, which pip installs.
# UV_OFFLINE and UV_CACHE_DIR do what they say.
UV := $(if $(shell command -v uv 2>/dev/null),uv,$(BIN)/uv)
# The first Python that the pinned libraries have wheels for (3.11 to 3.13); `make PYTHON=...` overrides. Before 3.11.4
# it has no filters for what is unpacked.
PYTHON ?= $(shell for python in python3 python3.12 python3.13 python3.11; do \
  $$python -c 'import sys; sys.exit(not (3, 11, 4) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$python && break; done)
ROWS ?= 20000
ENV ?= $(or $(PIPELINE_ENV),local)
TESTS ?= all
CORES = $(shell getconf _NPROCESSORS_ONLN)
AT_ONCE = $(shell echo $$(( $(CORES) + 2 ))) # two more than cores: stories wait a lot
# The quick tests wait for nothing: two halves side by side, as every process that pytest-xdist starts collects all tests.
FIRST_HALF := tests/unit/scripts tests/unit/settings tests/unit/codepipeline tests/unit/rehearsal
HALF = $(shell echo $$(( $(CORES) / 2 )))
QUICK = $(BIN)/python -m pytest -n $(if $(filter 0 1,$(HALF)),0,$(HALF)) --dist loadfile --no-loadscope-reorder \
  -m "not (slow or docker or cdk or toolkit or local_mode or full_disk or iam or permissions or proof or kinds)"
REPORT = $(if $(REPORTS),--junitxml=$(REPORTS)/$(1).xml)
NONE_SELECTED = $(if $(ARGS),|| [ $$? -eq 5 ]) # ARGS may select tests of one half only
ROOMS := settings aws pipelines release codepipeline rehearsal
CHECKS := lint types templates imports
IN_PARALLEL := $(MAKE) --no-print-directory --jobs 3 --output-sync=target
TESTS_all := tests packages/localcloud/tests
TESTS_template := tests
TESTS_docker := tests/docker packages/localcloud/tests/docker

.PHONY: help
help: ## list the tasks
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

.PHONY: setup
setup: $(READY) ## create .venv and install everything (the other tasks do it by themselves)

.PHONY: setup-deploy
setup-deploy: $(if $(wildcard $(READY)),$(READY),$(LIGHT)) ## a light .venv, with what a release needs; a whole one stays whole

$(READY): requirements/dev.txt setup.py packages/localcloud/pyproject.toml | $(BIN)/python
	@echo "setting up .venv (about a minute, once)"
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes --requirements requirements/dev.txt
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable . --editable packages/localcloud
	@touch $@

$(LIGHT): requirements/deploy.txt | $(BIN)/python
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes --requirements $<
	@touch $@

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11 (3.11.4 or later), 3.12 or 3.13 found; install one, or name it: make PYTHON=/path/to/python3.12"; exit 1; }
	@if [ "$(UV)" = "$(BIN)/uv" ]; then $(PYTHON) -m venv .venv && \
	  $@ -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/uv.txt; \
	else $(UV) venv --quiet --allow-existing --python "$$(command -v $(PYTHON))" .venv; fi

.PHONY: demo
demo: $(READY) ## the whole story on this machine: a push becomes a model, a release, a rollback (KEEP=1 leaves it up)
	@$(BIN)/python -m rehearsal $(if $(KEEP),--keep)

.PHONY: model
model: $(READY) ## one model on this machine, of your own data or the example's (DATA=folder, ROWS=20000, KEEP=1)
	@$(BIN)/python -m rehearsal.one_model --rows $(ROWS) $(if $(DATA),--data "$(DATA)") $(if $(KEEP),--keep)

.PHONY: data
data: $(READY) ## a page about a data set, in seconds: columns, distributions, the settings that it needs (DATA=folder, TARGET=column)
	@$(BIN)/python -m rehearsal.data_profile --data "$(DATA)" $(if $(TARGET),--target "$(TARGET)")

.PHONY: up
up: $(READY) ## start AWS on this machine unless it runs; the last line is its URL (SPEED=60: its clock)
	@$(BIN)/python -m rehearsal.up $(if $(SPEED),--speed $(SPEED))

.PHONY: down
down: $(READY) ## stop it, with everything it started and everything in it
	@$(BIN)/python -m localcloud down

.PHONY: bootstrap
bootstrap: $(READY) ## create or update the stacks of an environment (ENV=local, ARGS=--plan)
	@$(BIN)/python -m codepipeline.bootstrap --env $(ENV) $(ARGS)

.PHONY: teardown
teardown: $(READY) ## remove what bootstrap and the releases created, data included; asks first (ENV=local)
	@$(BIN)/python -m codepipeline.teardown --env $(ENV) $(ARGS)

.PHONY: test
test: $(READY) ## run the tests: all, or TESTS=template without localcloud's, or TESTS=unit for the quick ones
	@case "$(TESTS)" in all|template|unit) ;; *) echo "error: TESTS=$(TESTS): all, template or unit"; exit 1;; esac
	@$(if $(filter all,$(TESTS)),rm -rf build/permissions) # what the stories need of the roles, recorded anew
	@$(if $(filter unit,$(TESTS)),$(IN_PARALLEL) unit-tests-first unit-tests-second,$(BIN)/python -m pytest \
	  -n $(AT_ONCE) --dist loadfile --no-loadscope-reorder $(TESTS_$(TESTS)) $(call REPORT,tests) $(ARGS))
unit-tests-first: $(READY)
	@$(QUICK) $(FIRST_HALF) $(call REPORT,first) $(ARGS) $(NONE_SELECTED)
unit-tests-second: $(READY)
	@$(QUICK) tests/unit $(FIRST_HALF:%=--ignore %) $(call REPORT,second) $(ARGS) $(NONE_SELECTED)

.PHONY: test-permissions
test-permissions: needs-permissions $(READY) ## check that stories need each action of each role: after `make test`
	@$(BIN)/python -m pytest -m permissions tests/contract $(ARGS)

.PHONY: test-proof
test-proof: $(READY) ## release ten faults drawn by PROOF_SEED: as many are caught as the plan promises; kill releases at every change; release under load
	@$(BIN)/python -m pytest -m proof -n 2 --dist loadfile tests/story/release $(ARGS)

.PHONY: test-kinds
test-kinds: $(READY) ## run the stories of the kinds of serving beside real time
	@$(BIN)/python -m pytest -m kinds -n 2 --dist loadfile tests/story $(ARGS)

.PHONY: test-docker
test-docker: needs-docker $(READY) ## run the group of tests that needs a Docker engine
	@$(IN_CONTAINERS) -m docker -n 2 --dist loadfile $(TESTS_docker) $(ARGS)'

.PHONY: test-local-mode
test-local-mode: needs-local-mode $(READY) ## run the steps by the SDK's own local mode, which needs Docker Compose too
	@$(IN_CONTAINERS) -m local_mode tests/docker $(ARGS)'

.PHONY: test-cdk
test-cdk: needs-cdk $(CDK)/.ready ## run the group of tests that needs Node.js; installs aws-cdk-lib beside .venv's packages
	@PYTHONPATH=$(CDK)/site $(BIN)/python -m pytest -m cdk tests/unit/codepipeline $(ARGS)

.PHONY: test-toolkit
test-toolkit: needs-toolkit $(TOOLKIT)/.ready ## compare the model server with AWS's serving toolkit, which is installed beside .venv's packages
	@TOOLKIT=$(CURDIR)/$(TOOLKIT)/site $(BIN)/python -m pytest -m toolkit tests/steps $(ARGS)

.PHONY: test-full-disk
test-full-disk: needs-full-disk $(READY) ## run the tests that fill a small disk, which they mount where nobody else sees it
	@$(MOUNTING) $(BIN)/python -m pytest -m full_disk -n 2 packages/localcloud/tests/full_disk $(ARGS)

.PHONY: test-iam
test-iam: needs-iam $(IAM)/.ready $(IAM)/.reference ## compare IAM's decisions with those of an independent evaluator, which needs Node.js, and its actions with a published reference
	@IAM=$(CURDIR)/$(IAM) $(BIN)/python -m pytest -m iam packages/localcloud/tests/core/access $(ARGS)

# Without a line in `make help`: for .ci/run and the targets above.
groups: # of tests that need more than .venv
	@echo permissions proof kinds docker local-mode cdk toolkit full-disk iam
needs-permissions:
	@test -d build/permissions || { echo "the stories have recorded nothing yet: run make test first"; exit 1; }
needs-docker: $(BIN)/python # fails with the reason where the group cannot run
	@$(ENGINE) true
needs-local-mode: $(BIN)/python
	@$(ENGINE) sh -c '(docker compose version || docker-compose version) >/dev/null 2>&1 || { echo "Docker Compose is not installed"; exit 1; }'
needs-cdk:
	@node --version >/dev/null 2>&1 || { echo "Node.js is not installed"; exit 1; }
needs-proof:
needs-kinds:
needs-full-disk:
	@$(MOUNTING) mount -t tmpfs tmpfs /tmp >/dev/null 2>&1 || { echo "nothing can be mounted here, not even with unshare"; exit 1; }
needs-iam:
	@node --version >/dev/null 2>&1 && npm --version >/dev/null 2>&1 || { echo "Node.js or npm is not installed"; exit 1; }
needs-toolkit: # which has a part in C
	@echo '#include <Python.h>' | cc -E -I"$$($(or $(wildcard $(BIN)/python),$(PYTHON)) -c 'import sysconfig; print(sysconfig.get_path("include"))')" - >/dev/null 2>&1 || { echo "no C compiler, or no headers of Python, are installed"; exit 1; }

$(CDK)/.ready: requirements/cdk.txt $(READY)
	@$(UV) pip install --quiet --python $(BIN)/python --target $(CDK)/site --require-hashes --requirements $<
	@touch $@

$(TOOLKIT)/.ready: requirements/toolkit.txt $(READY)
	@$(UV) pip install --quiet --python $(BIN)/python --target $(TOOLKIT)/site --no-deps --require-hashes --requirements $<
	@touch $@

$(IAM)/.ready: requirements/iam/package.json requirements/iam/package-lock.json $(READY)
	@mkdir -p $(IAM) && cp requirements/iam/*.json $(IAM)
	@npm ci --prefix $(IAM) --ignore-scripts --no-audit --no-fund --loglevel error >/dev/null
	@touch $@

$(IAM)/.reference: requirements/iam-reference.txt $(READY)
	@$(UV) pip install --quiet --python $(BIN)/python --target $(IAM)/reference --no-deps --require-hashes --requirements $<
	@touch $@

.PHONY: check
check: $(READY) ## lint, formatting, types, templates, imports
	@$(IN_PARALLEL) $(CHECKS) localcloud

.PHONY: check-template
check-template: $(READY) ## what a delivery build checks: the same without localcloud
	@$(IN_PARALLEL) $(CHECKS)

lint: $(READY)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
types: $(READY)
	@$(BIN)/mypy $(ROOMS) scripts
templates: $(READY)
	@$(BIN)/cfn-lint codepipeline/templates/*.yml
imports: $(READY)
	@$(BIN)/lint-imports --no-cache
localcloud: $(READY)
	@$(BIN)/mypy --cache-dir .mypy_cache/localcloud packages/localcloud/src
	@$(BIN)/lint-imports --no-cache packages/localcloud/pyproject.toml

.PHONY: scan
scan: $(SCAN)/.ready ## look for what is insecure in the templates
	@$(SCAN)/bin/checkov -d codepipeline/templates --framework cloudformation --skip-download --compact --quiet

$(SCAN)/.ready: requirements/scan.txt | $(BIN)/python
	@test -x $(SCAN)/bin/python || $(UV) venv --quiet --python $(BIN)/python $(SCAN)
	@$(UV) pip install --quiet --python $(SCAN)/bin/python --require-hashes --requirements $<
	@touch $@

.PHONY: format
format: $(READY) ## fix formatting and what the linter can fix
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

.PHONY: bench
bench: $(READY) ## measure against the usual way, side by side (about fifteen minutes); tables in benchmarks/results
	@for benchmark in preprocess train inference pipeline clients judgement; do $(BIN)/python benchmarks/$$benchmark.py || exit 1; done

.PHONY: lock
lock: $(READY) ## pin every version again from requirements/*.in and requirements/iam/package.json
	@cd requirements && for set in uv dev deploy scan cdk toolkit iam-reference; do $(patsubst $(BIN)/%,../$(BIN)/%,$(UV)) pip compile --quiet --universal --python-version 3.11 \
	  --no-header --no-annotate --no-emit-index-url --generate-hashes --output-file $$set.txt $$set.in \
	  $$([ $$set = dev ] && echo ../packages/localcloud/pyproject.toml) $$(case $$set in toolkit|iam-reference) echo --no-deps;; esac) || exit 1; done
	@npm install --prefix requirements/iam --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund --loglevel error

.PHONY: reference
reference: $(IAM)/.reference ## cut localcloud's reference of IAM actions again, after a new release of its package
	@$(BIN)/python packages/localcloud/tools/authorization_reference.py $(IAM)/reference packages/localcloud/src/localcloud/core/access/reference.json

.PHONY: clean
clean: ## remove everything that these tasks created, .venv included
	@rm -rf .venv .localcloud build reports *.egg-info .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
