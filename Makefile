# Thin: each target is one line, and everything behind it can be called by itself.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test check bench faults setup lock messages

run: setup
	@exec $(BIN)/lingbao up

# Three at once also on two processors: whoever drives a browser or a house often waits for it.
test:
	@$(PYTHON) deploy/setup.py --test
	@exec $(BIN)/pytest -n 3 --dist loadscope --no-loadscope-reorder

check: setup
	@exec $(BIN)/python -m tests.check

bench: setup
	@exec $(BIN)/python -m bench

faults: setup
	@exec $(BIN)/pytest tests/faults --long

setup:
	@$(PYTHON) deploy/setup.py

# After a change of dependencies in pyproject.toml (--upgrade to take newer ones).
lock: setup
	@$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make lock" -q -o requirements.txt
	@$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make lock" -q -o requirements-production.txt
