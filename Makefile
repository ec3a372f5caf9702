.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip --disable-pip-version-check

.PHONY: help run test lint format lock docs clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/run ## Set up, and run the quickstart experiment into ./state
	$(BIN)/al-job run quickstart

test: .venv/dev ## Set up, and run the unit and integration tests
	$(BIN)/pytest -q -n 2 tests/unit tests/integration

lint: .venv/dev ## Check style, types and the layers of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/dev ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: .venv/run ## Write docs/configuration.md from the configuration's docstrings
	$(BIN)/python -m job.reference > docs/configuration.md

lock: .venv/dev ## Pin the newest dependencies that fit pyproject.toml
	$(PIP) install --quiet uv
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --python-version 3.11 pyproject.toml -o requirements.txt
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt

clean: ## Remove the virtual environment and all caches, but not ./state
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

# Stamps: a set-up that is there and newer than what it is made from is not made again.
.venv/bin/pip:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "al-voc needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv

.venv/run: requirements.txt pyproject.toml | .venv/bin/pip
	$(PIP) install --require-hashes -r requirements.txt
	$(PIP) install --no-deps --editable .
	@touch $@

.venv/dev: requirements-dev.txt pyproject.toml | .venv/bin/pip
	$(PIP) install --require-hashes -r requirements-dev.txt
	$(PIP) install --no-deps --editable .
	@touch $@ .venv/run
