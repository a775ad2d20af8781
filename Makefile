# Everything that is run by hand or by CI. `make` alone prints the list.
# VENV=…   where the virtual environment is, default .venv
# PYTHON=… which interpreter makes it, default the newest of python3.13 … python3.11, python3
# ARGS=…   more arguments for pytest, e.g. make test ARGS="-k paused"
# ONCE=1   the demo stops at the end; its exit code says whether all went well
# IMAGE=…  the image's name, default localhost/model-operator:dev; BUILDER=… docker, podman or buildah, default the first found
# BUILD_ARGS=… for `make image`, such as --build-arg RUNTIME_IMAGE=…; .ci/image-bases makes bases where none can be pulled
# BUILDAH_ARGS=… more for buildah alone, such as --volume and --env PIP_CERT=… of a company's certificates
# MINUTES=5 how long `make explore` goes on
# N=1000   how many deployments the benchmark makes; ARGS="--rounds 1", "--json FILE", --profile, --help

VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=
# Tests wait more than they compute, and all share one control plane: two processes for each core, four at most.
JOBS ?= $(shell n=$$(nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 2); echo $$((n < 2 ? 2 : 4)))

IMAGE ?= localhost/model-operator:dev
BUILDER ?= $(notdir $(firstword $(foreach name,docker podman buildah,$(shell command -v $(name))) docker))

# The tests start hundreds of processes: each would compile us again, and each worker all tests.
unexport PYTHONDONTWRITEBYTECODE

# What depends on the version of the API server. The demo has no part in it: it always runs on the newest.
CORE := tests/e2e tests/crds tests/kube --ignore=tests/e2e/test_demo.py --ignore=tests/e2e/test_bench.py

BENCH_AGAINST := --against tests/baseline/go_peer --against tests/baseline/simple_kopf_operator.py

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help init demo recording picture docs test test-long test-core test-oldest explore matrix year mutate check fmt generate bench image image-test sbom lock clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

init: $(VENV)/.ready ## Make the virtual environment from the locked dependencies

demo: init ## See it work on this machine: control plane, simulator, operator (ONCE=1 for scripts)
	@$(BIN)/model-operator demo $(if $(filter-out 0,$(ONCE)),--once)

recording: init ## Record the demo: docs/pictures/demo.cast and demo.svg
	$(BIN)/python tools/record.py

picture: init ## Record a story with Prometheus and draw the dashboard: docs/pictures/dashboard.svg
	PICTURES=$(CURDIR)/docs/pictures $(BIN)/pytest -m long -k recorded_and_drawn tests/monitoring/test_picture.py

docs: init ## Build the documentation as a site with search into dist/docs (INTO=folder with other versions)
	$(BIN)/python tools/docsite.py $(if $(INTO),--into $(INTO))

test: init ## Run all tests, against a real control plane (ARGS="-k word" for some)
	$(BIN)/pytest -n $(JOBS) --dist worksteal $(ARGS)

test-long: init ## Run what takes longer: ten minutes of explorer, all mutations, whole matrices, slow stories
	$(BIN)/pytest -n $(JOBS) --dist worksteal -m long $(ARGS)

test-core: init ## Run the end-to-end core alone (KUBEBUILDER_ASSETS=... for another Kubernetes)
	$(BIN)/pytest -n $(JOBS) --dist worksteal $(CORE) $(ARGS)

test-oldest: init ## Build the oldest supported Kubernetes once, and run the end-to-end core on it
	assets=$$($(BIN)/python tools/oldest.py) && KUBEBUILDER_ASSETS=$$assets $(MAKE) --no-print-directory test-core

explore: init ## Random histories over the real engine (MINUTES=5; ARGS="--seed 1 --keep-going")
	@cd tests && PYTHONPATH=. $(abspath $(BIN))/python -m explorer --minutes $(or $(MINUTES),5) $(ARGS)

matrix: init ## Crashes, faults and refusals at each point of each change (ARGS="--seconds 60", --whole 1/4, --case NAME)
	@cd tests && PYTHONPATH=. $(abspath $(BIN))/python -m explorer.matrix $(or $(ARGS),--seconds 60)

year: init ## A year of active hours: 200 objects, 3 zones, kill -9 each night (ARGS="--days 31"); an hour
	@cd tests && PYTHONPATH=. $(abspath $(BIN))/python -m support.hours_year $(ARGS)

mutate: init ## Take out each safety line, one at a time: a test has to notice (ARGS="--only finalizer --jobs 2")
	@$(BIN)/python tools/mutate.py $(ARGS)

check: init ## Check format, lint, types, import layers, generated files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy tools
	$(BIN)/lint-imports
	$(BIN)/python tools/generate.py --check
	.ci/hygiene

fmt: init ## Format the code and mend what the linter can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

generate: init ## Write the CRDs and the reference documents from the code
	$(BIN)/python tools/generate.py

bench: init ## Measure ours, a Go and a simple Kopf operator with 1,000 deployments (N=10000: ours alone)
	@$(BIN)/python -m model_operator_demo.bench $(BENCH_AGAINST) $(if $(N),--count $(N)) $(ARGS)

image: ## Build the container image (IMAGE=…, BUILD_ARGS=…; docker, podman or buildah)
	$(BUILDER) build $(if $(findstring buildah,$(BUILDER)),--isolation chroot --network host $(BUILDAH_ARGS)) \
		--build-arg REVISION=$(shell git rev-parse HEAD 2>/dev/null || echo unknown) $(BUILD_ARGS) --tag $(IMAGE) .

image-test: init image ## Build the image and run it as a cluster would (with buildah: as root)
	IMAGE=$(IMAGE) BUILDER=$(BUILDER) $(BIN)/pytest tests/packaging/check_image.py $(ARGS)

sbom: ## Write the bill of materials of what is locked to dist/sbom.json (needs cyclonedx-bom)
	@command -v cyclonedx-py >/dev/null || { echo "make sbom needs cyclonedx-py: pip install cyclonedx-bom"; exit 1; }
	@mkdir -p dist
	cyclonedx-py requirements requirements/runtime.txt --pyproject pyproject.toml --output-file dist/sbom.json

lock: ## Lock the dependencies anew (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv: pip install uv"; exit 1; }
	uv pip compile pyproject.toml --group dev $(UV_LOCK) -o requirements/dev.txt
	uv pip compile pyproject.toml $(UV_LOCK) -o requirements/runtime.txt

clean: ## Remove the virtual environment and everything that tools left behind
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find operator tests tools -name __pycache__ -type d -prune -exec rm -rf {} +

UV_LOCK := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q

# The first interpreter that is there, runs, and is new enough. (A pyenv shim is there and may not run.)
define FIND_PYTHON
for python in $(PYTHON) python3.13 python3.12 python3.11 python3; do \
	if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then break; fi; \
	python=; \
done; \
if [ -z "$$python" ]; then \
	echo "model-operator needs Python 3.11 or newer, and there is none on the PATH."; \
	echo "Install one (Debian: apt install python3 python3-venv; macOS: brew install python), or name it:"; \
	echo "  make init PYTHON=/path/to/python3"; \
	exit 1; \
fi >&2; \
if ! "$$python" -c 'import venv, ensurepip' 2>/dev/null; then \
	echo "$$python has no venv module (Debian: apt install python3-venv)." >&2; \
	exit 1; \
fi
endef

$(VENV)/.ready: requirements/dev.txt
	@$(FIND_PYTHON); \
	echo "Making $(VENV) with $$("$$python" --version) ..."; \
	"$$python" -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@
