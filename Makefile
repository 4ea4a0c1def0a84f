# Two commands: `make run` starts the gateway, `make test` passes all tests. Both set up what they need first.

VENV   ?= .venv
PYTHON ?= python3
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check

# With an upstream or a provider's key in the environment the gateway fronts that; else the embedded model answers.
FRONTS := $(filter-out local,$(SPARING_UPSTREAM)$(SPARING_UPSTREAM__PROVIDER))$(SPARING_UPSTREAM__OPENAI_URL)$(SPARING_UPSTREAM__ANTHROPIC_URL)$(SPARING_UPSTREAM__GEMINI_URL)$(OPENAI_API_KEY)$(ANTHROPIC_API_KEY)$(GEMINI_API_KEY)$(GOOGLE_API_KEY)

.PHONY: run model test lint format bench clean

run: $(VENV)/.run
ifeq ($(FRONTS),)
	@$(MAKE) --no-print-directory model
endif
	@$(BIN)/sparing serve

model: $(VENV)/.run
	@$(BIN)/sparing models pull

test: $(VENV)/.dev
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m pytest

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev
	$(BIN)/python benchmarks/side_by_side.py

$(VENV)/.run: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; try: make run PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing Sparing, the embedded engine, the selector's runtime and the readers of documents into $(VENV) ..."
	@$(PIP) install --quiet --constraint constraints.txt --editable '.[local,select,documents]'
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	@echo "Installing the development tools into $(VENV) ..."
	@$(PIP) install --quiet --constraint constraints.txt --editable '.[local,select,documents,qdrant,torch,train,dev]'
	@touch $@

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
