# make demo | test | run | bench | crash | setup | check | lock      (README.md says what each does)
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export OMP_THREAD_LIMIT := 1

.PHONY: demo test run bench crash mutants setup setup-test check lock clean

setup:
	@bash deploy/setup.sh run

setup-test:
	@bash deploy/setup.sh test

demo: setup
	@$(BIN)/sohoa demo --home var/demo

run: setup
	@test -f var/station/sohoa.toml || $(BIN)/sohoa init --home var/station
	@$(BIN)/sohoa run --home var/station

check: setup-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: check
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow"

crash: setup-test
	$(BIN)/python -m pytest -n 2 --dist worksteal -m slow
	$(BIN)/python -m tests.crash.table

mutants: setup-test
	$(BIN)/python -m tests.mutation.mutants

bench: setup-test
	@for name in gate read speed claims sign latency; do \
	  if [ -f bench/$$name.py ]; then echo "== bench/$$name.py"; $(BIN)/python bench/$$name.py --quick || exit 1; fi; done

# Pins every dependency by hash; the lock carries no index address, so it works behind any mirror.
lock: setup-test
	$(BIN)/uv pip compile pyproject.toml --extra build -o requirements.lock --generate-hashes --no-emit-index-url --no-emit-find-links --python-version 3.11 --custom-compile-command "make lock" -q
	$(BIN)/uv pip compile pyproject.toml --extra build --extra test -o requirements-test.lock --generate-hashes --no-emit-index-url --no-emit-find-links --python-version 3.11 --custom-compile-command "make lock" -q

clean:
	rm -rf $(VENV) var .pytest_cache .ruff_cache .mypy_cache
