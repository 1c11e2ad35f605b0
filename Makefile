# make run: everything at http://localhost:8000 · make test: every test on both databases · make check: reads the code.
# Needs python3 (3.11 or newer) and make; all else goes into .venv.

PYTHON ?= python3
PORT ?= 8000
ARGS ?=
BIN := .venv/bin
PO := $(wildcard escalation_site/locale/*/LC_MESSAGES/*.po)
MO := $(PO:.po=.mo)
OLD = Python 3.11 or newer is needed; "$(PYTHON)" is $(shell $(PYTHON) --version 2>&1 || echo missing)
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))

.PHONY: run test check messages
.DELETE_ON_ERROR:

run: .venv/installed $(MO)
	@exec $(BIN)/python manage.py runall --prepare --port $(PORT)

test: .venv/installed-for-tests $(MO)
	@exec $(BIN)/python tests/run.py $(ARGS)

check: .venv/installed-for-tests $(MO)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python tests/databases.py $(BIN)/python -W error manage.py makemigrations --check --dry-run
	$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING

# After a change of strings: the catalogues get what is new and lose what is gone. Needs GNU gettext; nothing else does.
messages: .venv/installed
	$(BIN)/python manage.py mark_pack_texts
	$(BIN)/python manage.py makemessages --locale es --locale ru --no-wrap --no-obsolete --add-location file \
		--ignore .venv --ignore tests --ignore var

# As an installation with servers of its own would set it.
PRODUCTION = SECRET_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(50))')" \
	ALLOWED_HOSTS=desk.example.com SITE_URL=https://desk.example.com CSRF_TRUSTED_ORIGINS=https://desk.example.com \
	DATABASE_URL=postgresql://desk@db.example.com/desk BROKER_URL=redis://redis.example.com/0 \
	EMAIL_URL=smtp://mail.example.com:25

# A folder that cannot be written to and a Python too old are one line each, before anything is made.
.venv/bin/python:
	@[ -w . ] || { echo "$(CURDIR) cannot be written to: make it writable, or copy it elsewhere." >&2; exit 1; }
	@$(PYTHON) -c '$(NEW_ENOUGH)' 2>/dev/null || { echo '$(OLD)' >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "$(PYTHON) cannot make a .venv; on Debian: apt install python3-venv" >&2; exit 1; }

.venv/installed: requirements.txt | .venv/bin/python
	@echo "Installing what requirements.txt names into .venv ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

.venv/installed-for-tests: tests/requirements.txt requirements.txt | .venv/bin/python
	@echo "Installing what tests/requirements.txt names into .venv ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch .venv/installed $@

%.mo: %.po | .venv/installed
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@
