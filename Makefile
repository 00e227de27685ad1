# `make run` and `make test` are all a fresh machine needs; `make help` lists the rest.

BIN := .venv/bin
PYTHON := $(BIN)/python
UV ?= $(or $(shell command -v uv 2>/dev/null),$(CURDIR)/$(BIN)/uv)
LOCK := cd requirements && $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make lock"

NOTHING = [ $$? = 5 -a -n "$(ARGS)" ]

.PHONY: help install run test chaos check format lighthouse screenshots icons dark lock messages \
	bench-asking bench-claims bench-delivery bench-outage bench-pages bench-recovery bench-refresh \
	bench-signup
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' Makefile

install: .venv/installed ## make .venv with everything that is pinned

.venv/installed: requirements/base.txt requirements/dev.txt
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed.")'
	@echo "Installing into .venv ..."
	@python3 -m venv .venv
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

run: install ## start everything here; PORT=9000 moves it
	@$(PYTHON) -m reseller.run

# All runs count, a later one is not skipped when an earlier one fails. What starts processes of
# its own runs alone: its patience is measured. With ARGS a run may find nothing to do (5).
test: install ## run all tests on PostgreSQL, and the core ones on SQLite too
	@status=0; \
	$(PYTHON) -m pytest -n 2 -m "not worker and not browser" $(ARGS) || $(NOTHING) || status=1; \
	$(PYTHON) -m pytest -m "worker or browser" $(ARGS) || $(NOTHING) || status=1; \
	ENGINE=sqlite $(PYTHON) -m pytest -n 2 -m core $(ARGS) || $(NOTHING) || status=1; \
	exit $$status

chaos: install ## hurt a whole installation at random; SEED=7 CHANGES=10000 ENGINE=postgresql
	@$(PYTHON) -m tests.chaos $(if $(SEED),--seed $(SEED)) $(if $(CHANGES),--changes $(CHANGES)) \
		$(if $(ENGINE),--engine $(ENGINE)) $(ARGS)

check: install ## format, lint, types, layers, migrations, deployment, containers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	DEBUG=true $(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTHON) -m tests.production makemigrations --check --dry-run
	$(PYTHON) -m tests.production check --deploy --fail-level WARNING
	$(BIN)/hadolint Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml

format: install ## format and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lighthouse: install ## judge list, customer and dashboard by Lighthouse; ARGS=--signup
	@$(PYTHON) -m bench.lighthouse $(ARGS)

screenshots: install ## take the pictures of the README anew
	@$(PYTHON) -m tests.browser.screenshots $(or $(ARGS),docs/screenshots)

icons: install ## pick the icons that templates name, after naming another one
	@$(PYTHON) -m tests.icons

dark: install ## write the dark theme for whoever has no JavaScript, after altering it
	@$(PYTHON) -m tests.dark

bench-asking: install ## what saving a form costs while the broker hangs or is gone
	@$(PYTHON) -m bench.asking $(ARGS)

bench-claims: install ## what a claim costs while 100,000 changes wait, on both databases
	@$(PYTHON) -m bench.claims $(ARGS)

bench-delivery: install ## how fast changes are delivered, beside two floors, on PostgreSQL
	@$(PYTHON) -m bench.delivery $(ARGS)

bench-outage: install ## 2,000 changes wait through half an hour without the distributor, scaled
	@$(PYTHON) -m bench.outage $(ARGS)

bench-pages: install ## what the pages of customers cost with a thousand and a million of them
	@$(PYTHON) -m bench.pages $(ARGS)

bench-recovery: install ## how long a change takes whose worker is killed in the middle of its call
	@$(PYTHON) -m bench.recovery $(ARGS)

bench-refresh: install ## what reading a list of 10,000 to a million customers costs, on both databases
	@$(PYTHON) -m bench.refresh $(ARGS)

bench-signup: install ## a flood of signups, and whether a stranger can tell who is a customer
	@$(PYTHON) -m bench.signup $(ARGS)

lock: ## pin requirements/*.in anew (needs uv)
	$(LOCK) base.in -o base.txt
	$(LOCK) dev.in -o dev.txt

# The public pages alone: the console speaks one language.
CONSOLE := tests/* bench/* static/* reseller/* customers/models/* customers/services/* \
	customers/distributor/* customers/sandbox/* customers/management/* customers/migrations/* \
	customers/admin.py customers/apps.py customers/checks.py customers/filters.py customers/tables.py \
	customers/forms/[!fs]* customers/forms/s[!i]* customers/views/[!s]* customers/views/s[!i]* \
	templates/customers/* templates/admin/* templates/registration/* templates/dashboard.html \
	templates/reviews/* templates/base.html templates/_dashboard.html templates/_keys.html \
	templates/_moment.html templates/_need.html templates/_pages.html templates/_plot.html \
	templates/_standing.html templates/_standing_now.html templates/signup/mails.html

messages: install ## collect what the public pages say for locale/de, and compile it (needs gettext)
	DEBUG=true $(PYTHON) manage.py makemessages -l de --no-location --no-wrap --no-obsolete \
		$(foreach it,$(CONSOLE),--ignore '$(it)')
	DEBUG=true $(PYTHON) manage.py compilemessages -l de
