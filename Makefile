.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
PYTHON ?= python3
VENV   := .venv
BIN     = $(VENV)/bin
RUST   := Cargo.toml Cargo.lock $(shell find src -name '*.rs')
SOURCE  = pyproject.toml README.md $(shell find python -type f -not -path '*/__pycache__/*' -not -name '*.so')
# The newest Python that the peers' newest versions want; ours, where there is no newer one.
NEWEST  = for python in $$(ls -d "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/3.1[2-9].*/bin/python 2>/dev/null | sort -rV) \
              python3.14 python3.13 python3.12; do \
            if "$$python" -c 'import sys, venv; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then echo "$$python"; exit; fi; \
          done; echo $(PYTHON)
BENCH_PYTHON ?= $(shell $(NEWEST))
PIP     = $(BIN)/python -m pip install --quiet --disable-pip-version-check
export PYO3_PYTHON := $(CURDIR)/$(BIN)/python
unexport CONDA_PREFIX PYTHONPATH PYTHONHOME

# Its wheels bring gigabytes, fetched and unpacked only where 16 GB are free. facenet-pytorch pins an old torch, and only
# its weights are read.
define torch-where-there-is-room
	if $(1) -c 'import torch' 2>/dev/null; then echo "torch is there"; \
	elif test "$$(df --output=avail -k . | tail -1)" -lt 16000000; then echo "not installed: torch, for lack of room"; \
	else timeout 900 $(1) -m pip install --quiet --disable-pip-version-check --group torch \
	    && $(1) -m pip install --quiet --disable-pip-version-check --no-deps facenet-pytorch \
	    || echo "not installed: torch"; fi
endef

# Integrations, by name, in a virtual environment whose .ready is not empty.
define in-venv
	if test -s .venv-$(1)/.ready; then .venv-$(1)/bin/python -m pytest -rs -p no:dash --timeout=600 $(2:%=tests/integrations/test_%.py); \
	else echo "not tested: $(2), since $(1) did not install"; fi
endef

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

$(VENV)/.tools:
	@command -v cargo >/dev/null || { echo "ferroshap needs Rust 1.89 or newer: install it from https://rustup.rs, then run make again" >&2; exit 1; }
	@command -v $(PYTHON) >/dev/null || { echo "ferroshap needs Python 3.11 or newer, and there is no $(PYTHON): install it, or run make PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else f"ferroshap needs Python 3.11 or newer, this is {v[0]}.{v[1]}: run make PYTHON=/path/to/a/newer/python")'
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "ferroshap needs the venv module of $(PYTHON): install it (Debian, Ubuntu: apt install python3-venv), then run make again" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) --upgrade 'pip>=25.1' 'maturin>=1.14,<2'   # 25.1: dependency groups
	touch $@

$(VENV)/.built: pyproject.toml $(RUST) | $(VENV)/.tools
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/maturin develop --release
	touch $@

$(VENV)/.with-%: pyproject.toml | $(VENV)/.built   # a dependency group by name
	$(PIP) --group $*
	touch $@

build: $(VENV)/.built  ## compile and install into .venv

demo: build $(VENV)/.with-demo  ## explain a real model on real data
	$(BIN)/ferroshap demo
	$(BIN)/ferroshap demo --trees
	$(BIN)/ferroshap demo --images

test: build $(VENV)/.with-test  ## laws, examples, README
	cargo test --locked --quiet
	$(BIN)/python -m pytest --ignore=tests/integrations

test-integrations: build $(VENV)/.with-test  ## every library that installs here
	for group in trees onnx frameworks engines spark ray browser; do \
	  timeout 900 $(PIP) --group $$group || echo "not installed: $$group"; done   # pyspark alone is 450 MB
	$(call torch-where-there-is-room,$(BIN)/python)
	$(BIN)/python -m pytest -rs --timeout=600 tests/integrations tests/trees --ignore=tests/integrations/engines
	$(BIN)/python -m pytest -rs --timeout=600 tests/integrations/engines   # apart: they fork, which JAX's threads forbid

# The dash package's plugin for pytest warns when it is imported, and warnings are errors.
test-embedders: .venv-embedders/.ready .venv-dashboard/.ready  ## libraries that import shap, run on ferroshap; shap beside us
	$(call in-venv,embedders,notebooks shap_* boosted_terms mlflow shapash interpret recipes)
	$(call in-venv,dashboard,explainerdashboard recipes)

bench: .venv-bench/.ready  ## tables of ratios against peers, in a venv of their own
	shopt -s nullglob; for file in benches/*.py; do echo "== $$file"; .venv-bench/bin/python "$$file"; done

# The wheel that users get: one for every Python from 3.11 on.
target/wheel/.built: $(RUST) $(SOURCE) | $(VENV)/.tools
	rm -rf target/wheel
	$(BIN)/maturin build --quiet --release --locked --interpreter $(BIN)/python --out target/wheel
	touch $@

# On the newest Python here: peers' newest versions do not install on 3.11.
.venv-bench/.ready: target/wheel/.built
	test -x .venv-bench/bin/python || $(BENCH_PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	.venv-bench/bin/python -m pip install --quiet --group bench
	$(call torch-where-there-is-room,.venv-bench/bin/python)
	.venv-bench/bin/python -m pip install --quiet --force-reinstall --no-deps target/wheel/*.whl
	.venv-bench/bin/python -m pip install --quiet target/wheel/*.whl   # what the wheel needs, where the group lacks it
	touch $@

# Tools that import shap pin what others need newer: each group has a venv of its own. An empty .ready says that the group
# did not install: delete the folder to try again.
.venv-embedders/.ready .venv-dashboard/.ready: .venv-%/.ready: target/wheel/.built
	test -x .venv-$*/bin/python || $(BENCH_PYTHON) -m venv .venv-$*
	.venv-$*/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	if timeout 900 .venv-$*/bin/python -m pip install --quiet --group $* \
	    && .venv-$*/bin/python -m pip install --quiet --force-reinstall --no-deps target/wheel/*.whl \
	    && .venv-$*/bin/python -m pip install --quiet target/wheel/*.whl; \
	then echo ready > $@; else echo "not installed: $*" >&2; : > $@; fi

incumbent: .venv-embedders/.ready  ## shap's own tests, run on ferroshap: SDIST=shap-0.54.1.tar.gz
	FERROSHAP_INCUMBENT_SDIST=$(SDIST) .venv-embedders/bin/python -m pytest -rs -p no:dash --timeout=7200 tests/surface/test_incumbent.py

docs: build $(VENV)/.with-docs  ## pages of the interface, into target/docs
	$(BIN)/python .ci/pages.py target/docs

fuzz:  ## mutated model files, a minute a reader (FERROSHAP_FUZZ_SECONDS)
	cargo test --locked --release --test rust fuzz -- --ignored

gallery: build $(VENV)/.with-test  ## every plot on fixed data, as pictures to look at
	$(BIN)/python -m tests.plots.gallery

lint: build $(VENV)/.with-lint  ## formatting, lints, types, stubs
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	cargo clippy --locked --all-targets --features python -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps --quiet
	$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy && $(BIN)/mypy tests/surface/typing_cases.py && $(BIN)/typos
	$(BIN)/python -m mypy.stubtest ferroshap._native --allowlist tests/surface/stubtest_allowlist.txt

.PHONY: help build demo test test-integrations test-embedders bench incumbent docs fuzz gallery lint
