# Every command of the project. `make` lists them.

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3.14 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
NAME := $(notdir $(PYTHON))
DEMO := .venv/demo-$(NAME)
DEV := .venv/dev-$(NAME)
BENCH := .venv/bench
SPARK := .venv/spark-$(NAME)
PIP := -m pip install -qq --disable-pip-version-check --constraint constraints.txt
CUSTOMERS ?= 5000
OUT ?= build/demo
COVERAGE ?= --cov --cov-report=term
SELECT ?=
DATA ?= $(CRMCX_PUBLIC_DATA)

.DEFAULT_GOAL := help
.PHONY: help demo demo-public test test-deep test-spark lint fix typing docs model-page hostile-page connector-pages bench bench-sync bench-metrics build-check clean python

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 24

python:
	@test -n "$(PYTHON)" || { echo "no Python >= 3.11 was found; install one, or say make PYTHON=/path/to/python" >&2; exit 1; }

$(DEMO)/done: pyproject.toml constraints.txt | python
	@echo "making $(DEMO) with $(PYTHON)"
	@$(PYTHON) -m venv --clear $(DEMO)
	@$(DEMO)/bin/python $(PIP) --editable '.[demo]'
	@touch $@

$(DEV)/done: pyproject.toml constraints.txt | python
	@echo "making $(DEV) with $(PYTHON)"
	@$(PYTHON) -m venv --clear $(DEV)
	@$(DEV)/bin/python $(PIP) --upgrade 'pip>=25.1'
	@$(DEV)/bin/python $(PIP) --editable '.' --group dev
	@touch $@

$(SPARK)/done: pyproject.toml constraints.txt | python
	@command -v java >/dev/null || { echo "Spark needs Java 17 or newer; install it, such as openjdk-17-jre-headless" >&2; exit 1; }
	@echo "making $(SPARK) with $(PYTHON)"
	@$(PYTHON) -m venv --clear $(SPARK)
	@$(SPARK)/bin/python $(PIP) --upgrade 'pip>=25.1'
	@$(SPARK)/bin/python $(PIP) --editable '.[spark]' --group spark
	@touch $@

demo: $(DEMO)/done ## run the demo bank: exports in, people, numbers and a page out (CUSTOMERS=5000 OUT=build/demo)
	@$(DEMO)/bin/crmcx demo --customers $(CUSTOMERS) --out $(OUT)

demo-public: $(DEMO)/done ## run the road over five public data sets (DATA=folder)
	@test -n "$(DATA)" || { echo "say where the data sets are: make demo-public DATA=folder" >&2; exit 2; }
	@$(DEMO)/bin/python -m examples.public_data "$(DATA)"

test: $(DEV)/done ## run the tests, with doctests and coverage (SELECT="marks, as of pytest -m")
	@$(DEV)/bin/python -m pytest -n 2 $(COVERAGE) $(if $(SELECT),-m "$(SELECT)")

test-deep: $(DEV)/done ## run the long tests: many kills, big simulations
	@$(DEV)/bin/python -m pytest -m deep -n 2

test-spark: $(SPARK)/done ## run every metric and journey function on Spark; needs Java
	@$(SPARK)/bin/python -m pytest -m spark tests/spark

lint: $(DEV)/done ## check style, formatting and the change notes
	@$(DEV)/bin/ruff check .
	@$(DEV)/bin/ruff format --check .
	@$(DEV)/bin/towncrier build --draft --version next >/dev/null

fix: $(DEV)/done ## mend what can be mended by itself
	@$(DEV)/bin/ruff check --fix-only .
	@$(DEV)/bin/ruff format .

typing: $(DEV)/done ## check the types
	@$(DEV)/bin/mypy

docs: $(DEV)/done ## build the site into docs/_build/html, its notebook run; a warning is an error
	@$(DEV)/bin/sphinx-build --fail-on-warning --keep-going --quiet -b html docs docs/_build/html
	@echo "built docs/_build/html/index.html"

model-page: $(DEV)/done ## write the page of the model and its picture anew, from the classes
	@$(DEV)/bin/python -m docs.model_page

hostile-page: $(DEV)/done ## write the page of hostile sources anew, from a run in each mode
	@$(DEV)/bin/python -m docs.hostile_page

connector-pages: $(DEV)/done ## write the tables on the pages of the systems anew, from their connectors
	@$(DEV)/bin/python -m docs.connector_pages

bench: $(DEV)/done ## measure speed against hand-written SQL and the goals
	@$(DEV)/bin/python -m bench

bench-metrics: $(DEV)/done $(BENCH)-survival/done ## measure metrics against SQL by hand, lifetimes and lifelines (ARGS="--rows 1000000 --rounds 3")
	@$(DEV)/bin/python -m bench.metrics --rival $(BENCH)-survival/bin/python $(ARGS)

$(BENCH)-crmcx/done: pyproject.toml constraints.txt | python
	@$(PYTHON) -m venv --clear $(BENCH)-crmcx
	@$(BENCH)-crmcx/bin/python $(PIP) --editable .
	@touch $@

$(BENCH)-%/done: bench/requirements/%.txt | python
	@$(PYTHON) -m venv --clear $(BENCH)-$*
	@$(BENCH)-$*/bin/python -m pip install -qq --disable-pip-version-check --requirement $<
	@touch $@

bench-sync: $(BENCH)-crmcx/done $(BENCH)-floor/done $(BENCH)-dlt/done ## measure a sync over HTTP against a floor and dlt (ARGS="--records 30000 --rounds 1")
	@$(BENCH)-crmcx/bin/python -m bench.over_http --floor $(BENCH)-floor/bin/python --dlt $(BENCH)-dlt/bin/python $(ARGS)

build-check: $(DEV)/done ## build the wheel and run the demo from it alone
	@rm -rf .venv/wheel dist
	@$(PYTHON) -m venv .venv/wheel
	@.venv/wheel/bin/python -m pip wheel -qq --disable-pip-version-check --no-deps --wheel-dir dist .
	@.venv/wheel/bin/python $(PIP) "$$(ls dist/crmcx-*.whl)[demo]"
	@cd / && $(CURDIR)/.venv/wheel/bin/crmcx demo --customers 200

clean: ## remove environments, caches and what was built
	@rm -rf .venv dist build docs/_build .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.*
