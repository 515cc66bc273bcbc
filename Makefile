# Two commands matter: `make run` and `make test`. Both set everything up first. Windows: see README.md.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready

help: ## Show this list
	@grep -hE '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

run: $(READY) ## Open the dashboard on a demo practice, at 127.0.0.1:8501
	$(BIN)/handoff demo

test: $(READY) .venv/chromium .venv/postgresql ## Run all tests: PostgreSQL and a real browser included
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

cover: $(READY) .venv/chromium .venv/postgresql ## The same, and which lines no test runs; a quarter slower
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal --cov --cov-report=term:skip-covered

check: lint test audit ## Everything that CI runs

lint: $(READY) ## Style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

audit: $(READY) ## Known vulnerabilities in what is installed
	$(BIN)/python .ci/audit

e2e: $(READY) .venv/chromium ## Only the journeys in a real browser
	$(BIN)/python -m pytest tests/e2e

fire: $(READY) ## Kill the server and imports, often, in the midst of writing, on both databases
	FIRE_ROUNDS=20 FIRE_SAVES=500 FIRE_IMPORTS=50 $(BIN)/python -m pytest -s tests/e2e/test_under_fire.py tests/e2e/test_import_under_fire.py

bench: $(READY) .venv/chromium ## Measure counting, runs, clicks, fifty people and imports, in half an hour; LEADS="1000000" for more
	$(BIN)/python -m tests.benchmarks.counting --leads $(or $(LEADS),10000 100000)
	$(BIN)/python -m tests.benchmarks.rerun --leads $(or $(LEADS),10000)
	$(BIN)/python -m tests.benchmarks.browsing --leads $(or $(LEADS),10000 100000)
	$(BIN)/python -m tests.benchmarks.people --leads $(or $(LEADS),10000)
	$(BIN)/python -m tests.benchmarks.in_database --leads $(or $(ROWS),1000000)
	$(BIN)/python -m tests.benchmarks.importing --rows $(or $(ROWS),100000)

docs: $(READY) ## Write docs/metrics.md from the docstrings
	$(BIN)/python -m dashboard.explain > docs/metrics.md

migrate: $(READY) ## Bring the configured database's schema to this version
	$(BIN)/handoff migrate

lock: $(READY) ## Renew requirements.lock for Python 3.11 to 3.13
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-annotate --no-header \
		--no-emit-index-url --no-emit-find-links --upgrade pyproject.toml --group dev -o requirements.lock

# uv comes first, by its own lines of the lock, because it installs the rest in seconds. Compiled at once: where bytecode is not
# written later, as in many containers, every start would compile it again.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else "Handoff needs Python 3.11, 3.12 or 3.13; name one: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > .venv/uv.txt
	$(BIN)/python -m pip install --quiet --require-hashes -r .venv/uv.txt
	$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

.venv/chromium: $(READY) tests/e2e/chromium.py
	$(BIN)/python -m tests.e2e.chromium > $@.part
	@mv $@.part $@

.venv/postgresql: $(READY) tests/cluster/postgresql.py
	$(BIN)/python -m tests.cluster.postgresql > $@.part
	@mv $@.part $@

.PHONY: help run test cover check lint audit e2e fire bench docs migrate lock
