VENV ?= .venv
init: $(VENV)/.ready
$(VENV)/.ready: requirements/dev.txt pyproject.toml
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install -q --require-hashes -r requirements/dev.txt
	$(VENV)/bin/pip install -q --no-build-isolation --no-deps -e .
	touch $@
