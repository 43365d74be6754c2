# `make demo` and `make test` do all the set-up themselves; `make help` lists the rest.

PYTHON ?= python3
BIN := .venv/bin
ALL := .venv-all/bin
ENGINE ?= docker

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-all soak test-alpha lint audit sbom image format screenshots train clean

help:           ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## */\t/' | expand -t 12

setup: .venv/installed ## the default install, in .venv, without torch

.venv/installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("founderwatch needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; say: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv .venv || { echo "no venv module: on Debian, apt install python3-venv"; rm -rf .venv; exit 1; }
	@echo "installing packages into .venv (about half a gigabyte, once) …"
	@$(BIN)/pip install --quiet --disable-pip-version-check -e .
	@touch $@

demo: setup     ## crawl the sample newsroom and show what is found
	@$(BIN)/python -m tests.newsroom.demo

.venv/tested: .venv/installed
	@$(BIN)/pip install --quiet --disable-pip-version-check -e '.[test]'
	@touch $@

test: .venv/tested ## the tests of the default install
	$(BIN)/python -m pytest -m 'not train and not browser and not long'

.venv-all/installed: pyproject.toml
	@$(PYTHON) -m venv .venv-all
	@echo "installing torch and test tools into .venv-all (two gigabytes and more, once) …"
	@$(ALL)/pip install --quiet --disable-pip-version-check 'torch==2.13.0' || $(ALL)/pip install --quiet torch
	@$(ALL)/pip install --quiet --disable-pip-version-check -e '.[train,cluster,test,browser-test,scrapyd,lint]'
	@touch $@

test-all: .venv-all/installed ## also what needs torch, a browser or minutes
	$(ALL)/python -m pytest -m 'not soak'

soak: .venv-all/installed ## kills, faults and clusters for many minutes; leave the machine alone meanwhile
	$(ALL)/python -m pytest -m soak

test-alpha: .venv-alpha/installed ## the desk's pages on the newest alpha of Datasette 1.0
	FOUNDERWATCH_DATASETTE_ALPHA=.venv-alpha/bin/python .venv-alpha/bin/python -m pytest tests/test_datasette_alpha.py

.venv-alpha/installed: pyproject.toml
	@$(PYTHON) -m venv .venv-alpha
	@.venv-alpha/bin/pip install --quiet --disable-pip-version-check -e '.[test]'
	@.venv-alpha/bin/pip install --quiet --disable-pip-version-check --upgrade --pre 'datasette>=1.0a0'
	@touch $@

lint: .venv-all/installed ## style, imports, static security checks
	$(ALL)/ruff check .
	$(ALL)/ruff format --check .
	$(ALL)/lint-imports

audit: .venv/audit ## known holes in the dependencies (asks pypi.org; AUDIT='-s osv' another)
	@mkdir -p dist
	.venv-audit/bin/pip --disable-pip-version-check --python $(BIN)/python freeze --exclude founderwatch > dist/requirements.txt
	$(BIN)/python -m tests.audit .venv-audit/bin/pip-audit dist/requirements.txt $(AUDIT)

sbom: .venv/audit ## dist/sbom.json, a bill of materials of the default install (CycloneDX), and the licences in it
	@mkdir -p dist
	.venv-audit/bin/cyclonedx-py environment $(BIN)/python --output-format JSON --output-file dist/sbom.json
	.venv-audit/bin/pip-licenses --python $(BIN)/python --with-urls --format plain-vertical --output-file dist/licences.txt

.venv/audit: .venv/installed
	@$(PYTHON) -m venv .venv-audit
	@.venv-audit/bin/pip install --quiet --disable-pip-version-check 'cyclonedx-bom>=5.0' 'pip-audit>=2.7' 'pip-licenses>=5.0'
	@touch $@

image:          ## the container's image (ENGINE=podman or buildah; BASE=another Python image; OPTIONS=for the engine)
	$(ENGINE) build $(if $(BASE),--build-arg BASE=$(BASE)) $(OPTIONS) --tag founderwatch .

format: .venv-all/installed
	$(ALL)/ruff format .
	$(ALL)/ruff check --fix .

screenshots: .venv-all/installed ## take the README's pictures anew (needs Chromium)
	$(ALL)/python -m tests.screenshots

train: .venv-all/installed ## fine-tune the model anew (about an hour on two cores)
	$(ALL)/founderwatch train

clean:          ## remove environments, demo and training output
	rm -rf .venv .venv-all .venv-audit .venv-alpha demo train dist .pytest_cache .ruff_cache
