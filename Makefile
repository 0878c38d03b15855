# The two commands are `make demo` and `make test`; `make install` alone makes the environment.
SHELL := /bin/bash
PYTHON ?= python3.11
UV := .venv/bin/uv
SYNC := $(UV) pip sync --quiet --require-hashes

.PHONY: demo test install check bench requirements clean

demo: install  ## real datasets from source to pinned version, through Airflow
	.venv/bin/commons demo

test: install check  ## everything that needs neither root nor a server of its own
	.venv/bin/python -m pytest -m "not server and not cluster"

install: .venv/installed .venv-task/installed  ## .venv (Airflow, commons, tests) and .venv-task (what a pod has)

check: install  ## style, types, import rules: the same as pre-commit and CI
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

bench: install  ## benchmarks; writes benchmarks/README.md
	.venv/bin/python -m benchmarks

requirements: .venv/bin/uv  ## compile the pinned lists anew
	$(UV) pip compile -q --generate-hashes --no-header --python-version 3.11 requirements.in -o requirements.txt
	$(UV) pip compile -q --generate-hashes --no-header --python-version 3.11 -c requirements.txt include/images/requirements.in -o include/images/requirements.txt
	$(UV) pip compile -q --generate-hashes --no-header --python-version 3.11 requirements-dev.in -o requirements-dev.txt

.venv/bin/uv:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is missing. Install it (Debian 12: apt install python3 python3-venv), or name one: make PYTHON=/path/to/python3.11 install" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9

.venv/installed: requirements.txt requirements-dev.txt pyproject.toml | .venv/bin/uv
	@echo "Installing .venv (Airflow, commons, test tools): about 1.3 GB, a minute or two …"
	$(SYNC) --python .venv/bin/python requirements.txt requirements-dev.txt
	printf '#!/bin/sh\nhere=$$(cd "$$(dirname "$$0")/../.." && pwd)\nPYTHONPATH="$$here" exec "$$here/.venv/bin/python" -P -m include.cli "$$@"\n' > .venv/bin/commons
	chmod +x .venv/bin/commons
	touch $@

.venv-task/installed: include/images/requirements.txt include/images/setup.sh include/images/commons-task | .venv/bin/uv
	@echo "Installing .venv-task (what a pod has): about 0.6 GB …"
	PYTHON=$(PYTHON) UV=$(UV) include/images/setup.sh .venv-task
	touch $@

clean:  ## removes the environments and the local store
	rm -rf .venv .venv-task .commons .mypy_cache .ruff_cache
