# Two commands: `make demo` builds a medical model, `make test` checks everything. Both need Python 3.11+, pip and a package index.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test slow bench docs clean

$(VENV)/demo: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) -c constraints.txt -e ".[medical]"
	touch $@

$(VENV)/dev: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) -c constraints.txt -e ".[all,dev]"
	touch $@

demo: $(VENV)/demo
	$(BIN)/srm build --pack medical

test: $(VENV)/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	OMP_NUM_THREADS=1 $(BIN)/pytest -m "not slow" -n 2 --dist loadfile --no-loadscope-reorder

slow: $(VENV)/dev
	$(BIN)/pytest -m slow

bench: $(VENV)/dev
	$(BIN)/python benchmarks/decode.py
	$(BIN)/python benchmarks/train.py

docs: $(VENV)/dev
	$(BIN)/python -m srm_core.reports.reference

clean:
	rm -rf $(VENV) .srm .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
