# The commands of docs/operations.md. Needs GNU make and Python 3.11, nothing else.

PORT ?= 8000
PY := .venv/bin/python
# The first Python 3.11 that starts; put another before them by `make PYTHON=/path/to/python3.11 ...`.
define INSTALL
@for name in $(PYTHON) python3.11 python3 python; do \
	if "$$name" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then \
		exec "$$name" requirements/install.py $(1); \
	fi; \
done; \
echo "没有找到 Python 3.11。请先安装（Debian：apt install python3.11 python3.11-venv），或用 make PYTHON=路径 指定。"; \
echo "Python 3.11 was not found: install it, or name it by make PYTHON=path."; exit 1
endef

.DEFAULT_GOAL := help
.PHONY: help venv dev run test check lint bench bench-quick lock

help:
	@echo "make run          准备好一切并启动，PORT=$(PORT)    install, migrate, demo data, start"
	@echo "make test         全部测试                     all tests: SQLite, PostgreSQL and browser where there are any"
	@echo "make check        格式、静态检查、类型、分层、测试 format, lint, types, layers, migrations, tests"
	@echo "make venv         只建 .venv                   only the environment"
	@echo "make bench        性能测量（bench-quick 较快）    benchmarks (bench-quick: under 3 minutes)"

venv:
	$(call INSTALL,base)

dev:
	$(call INSTALL,dev)

run: venv
	@PORT=$(PORT) exec $(PY) -m config.supervisor --demo --with-parent

test: dev
	@exec $(PY) -m tests.run

check: lint test

lint: dev
	@exec $(PY) -m tests.lint

bench: dev
	@exec $(PY) -m bench.run

bench-quick: dev
	@exec $(PY) -m bench.run --quick

# For maintainers: after a change of requirements/*.in. Index settings stay out of the files.
PIP_COMPILE = $(PY) -m piptools compile --quiet --allow-unsafe --generate-hashes --strip-extras \
	--no-emit-find-links --no-emit-index-url --no-emit-trusted-host
lock: dev
	$(PY) -m pip install --quiet pip-tools
	$(PIP_COMPILE) --output-file=requirements/base.txt requirements/base.in
	$(PIP_COMPILE) --output-file=requirements/dev.txt requirements/dev.in
