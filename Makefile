# Everything a newcomer does, in a word each. `make` alone lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check format bench assets clean lock

HOST ?= 127.0.0.1
PORT ?= 8000
TESTS ?= tests
export HOST PORT

help: ## What there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: .cache/packages-demo .cache/python maps/static/vendor ## A whole made-up city, served on http://127.0.0.1:8000
	@exec .venv/bin/tidegrid demo

test: .cache/packages-test .cache/python maps/static/vendor check ## Every test there is
	@.venv/bin/python -m pytest -n auto --maxprocesses 4 --dist loadfile $(TESTS)

bench: .cache/packages-bench .cache/python .cache/bench maps/static/vendor ## Ours beside its floors, measured here; about twenty minutes
	@exec .venv/bin/python -m bench $(BENCH)

check: .cache/python ## Style and types
	@.venv/bin/ruff check . && .venv/bin/ruff format --check .
	@.venv/bin/mypy

format: .cache/python ## Put the code in shape
	@.venv/bin/ruff check --fix . ; .venv/bin/ruff format .

assets: maps/static/vendor ## The pages' JavaScript: ours, and that of locked npm packages

.cache/packages-%: tools/packages.sh
	@tools/packages.sh $*
	@mkdir -p .cache && touch $@

.cache/python: requirements-dev.lock pyproject.toml tools/python.sh
	@tools/python.sh
	@mkdir -p .cache && touch $@

.cache/bench: bench/npm/package-lock.json tools/bench.sh .cache/python
	@tools/bench.sh
	@touch $@

maps/static/vendor: package-lock.json maps/assets.mjs maps/page/* maps/static/*.css .cache/python
	@tools/assets.sh
	@touch $@

lock: ## Choose newer versions of the Python packages, within pyproject.toml
	.cache/tools/bin/uv pip compile pyproject.toml --group dev --group node --universal \
	    --generate-hashes --no-annotate --no-header --upgrade -q -o requirements-dev.lock
	.cache/tools/bin/uv pip compile pyproject.toml -c requirements-dev.lock --universal \
	    --generate-hashes --no-annotate --no-header -q -o requirements.lock

clean: ## Forget what was installed here; data stays
	rm -rf .cache .venv node_modules bench/npm/node_modules maps/static/vendor maps/static/built dist
