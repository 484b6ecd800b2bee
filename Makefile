# Two commands: `make demo` tries it, `make test` tests it. Both set up .venv themselves.

PYTHON ?= $(shell command -v python3.11 || command -v python3 || command -v python)
BIN := .venv/bin
# Most modules of the larger packages are never imported: each is compiled at its first import.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt

# The tests start curate again and again: its modules are compiled once, whatever the shell says.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test comfyui lint format clean bench-scale

demo: .venv/base
	$(BIN)/curate -w demo demo
	@echo "(curate is in $(BIN): . $(BIN)/activate)"

test: .venv/test comfyui
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

comfyui: .venv/test
	$(BIN)/python tests/comfyui/install.py

lint: .venv/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench-scale: .venv/test
	$(BIN)/python benchmarks/scale_cluster.py
	$(BIN)/python benchmarks/scale_fleet.py
	$(BIN)/python benchmarks/scale_ledger.py

bench-%: .venv/base
	$(BIN)/python benchmarks/$*.py

.venv/base: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(PIP) -e .
	touch $@

.venv/test: .venv/base
	$(PIP) -e '.[test]'
	touch $@

clean:
	rm -rf .venv demo
