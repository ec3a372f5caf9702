.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip --disable-pip-version-check

DOCKER ?= docker
IMAGE ?= al-job:$(VERSION)
DIST ?= dist
TAGS = $(IMAGE) $(if $(filter al-job:$(VERSION),$(IMAGE)),al-job:latest)
BUILD = DOCKER_BUILDKIT=1 $(DOCKER) build $(BUILD_OPTIONS) --build-arg VERSION=$(VERSION) --build-arg REVISION=$(REVISION) $(BUILD_ARGS)
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
REVISION = $(or $(shell git describe --always --dirty --abbrev=40 2>/dev/null),unknown)
BUILD_ARGS = $(foreach name,BASE REQUIREMENTS TORCH_INDEX PIP_INDEX_URL,$(if $($(name)),--build-arg $(name)=$($(name))))
E2E = AL_IMAGE=$(IMAGE) $(BIN)/pytest -v -p no:xdist

# Of the tests: Label Studio, which is not a part of the product. Tests read the variable, too.
ANNOTATION_TOOLS ?= $(CURDIR)/.annotation-tools
export ANNOTATION_TOOLS

# Scanners of the chart, the container image and the workflows.
SCAN_TOOLS ?= $(CURDIR)/.scan-tools

# Of the tests, too: fake-gcs-server and Azurite.
CLOUD_EMULATORS ?= $(CURDIR)/.cloud-emulators
export CLOUD_EMULATORS

# Of the example of a detector plug-in, whose licence stays there: it sees what .venv has, and has the rest.
PLUGIN_ENVIRONMENT ?= $(CURDIR)/.plugin-environment

# Of the tests of alerts: Prometheus' own tool, which evaluates their expressions. Building it needs Go.
PROMTOOL ?= $(CURDIR)/.promtool/promtool
export PROMTOOL

.PHONY: help run test test-slow test-detectors test-wheel test-alerts annotation-tools test-annotation cloud-emulators test-clouds test-plugin scan lint format lock docs bench image image-slim version chart e2e e2e-people e2e-engines e2e-full clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/run ## Set up, and run the quickstart experiment into ./state
	$(BIN)/al-job run quickstart

test: .venv/dev ## Set up, and run the tests that need neither Docker nor a cluster
	$(BIN)/pytest -q -n 2 --dist worksteal -m "not label_studio and not clouds and not slow and not detectors" tests/integration tests/unit tests/chart

test-slow: .venv/dev ## Run the tests that take seconds each, such as those with a browser or killed processes
	$(BIN)/pytest -q -n 2 --dist worksteal -m slow tests/integration tests/unit

test-detectors: .venv/dev ## Run the rules of detectors that take long: each family is trained, killed and asked
	$(BIN)/pytest -q -n 2 --dist worksteal -m detectors tests/integration tests/unit

# Away from the checkout's job/, so that what is tested is what is shipped.
test-wheel: .venv/dev ## Build the wheel, and run the same tests against it, with the gate of coverage
	rm -rf dist .wheel && mkdir .wheel
	$(BIN)/python -m build --wheel --outdir dist .
	$(PIP) install --quiet --no-deps --target .wheel/site dist/*.whl
	git ls-files -z ':!job' | tar --create --null --files-from - | tar --extract --directory .wheel
	cd .wheel && PYTHONPATH=$$PWD/site ../$(BIN)/pytest -q -n 2 --dist worksteal -m "not label_studio and not clouds and not detectors" --cov=job --ignore tests/unit/repository tests/integration tests/unit tests/chart

test-alerts: .venv/dev $(PROMTOOL) ## Evaluate the alerts of the chart on samples, by promtool, which is built with Go
	$(BIN)/pytest -q -p no:xdist tests/chart/test_alerts.py tests/chart/test_dashboard.py

annotation-tools: $(ANNOTATION_TOOLS)/done ## Install Label Studio for the tests that ask it, away from .venv: 1 GB

test-annotation: .venv/dev annotation-tools ## Run the tests that ask a real Label Studio, at browsers and by its API
	$(BIN)/pytest -q -p no:xdist -m label_studio

cloud-emulators: $(CLOUD_EMULATORS)/done ## Install emulators of Google's and Azure's storage for the tests, by go and npm: 400 MB

test-clouds: .venv/dev cloud-emulators ## Run the tests of gs:// and az:// against these emulators
	$(BIN)/pytest -q -p no:xdist -m clouds tests/integration

test-plugin: .venv/dev $(PLUGIN_ENVIRONMENT)/done ## Install the example of a detector plug-in away from .venv, and run its tests: 400 MB
	$(PLUGIN_ENVIRONMENT)/bin/python -m pytest -q -p no:xdist examples/detector-plugin

scan: .venv/dev $(SCAN_TOOLS)/done ## Hold chart, container image and workflows against the rules of scanners: 250 MB
	SCAN_TOOLS=$(SCAN_TOOLS)/bin $(BIN)/pytest -q -rs -p no:xdist tests/scan

lint: .venv/dev ## Check style, types and the layers of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/dev ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: .venv/dev ## Write the references from the code, and build the site into docs/_build, strictly
	$(BIN)/python docs/make_configuration.py > docs/configuration.md
	$(BIN)/python docs/make_cli.py > docs/cli.md
	$(BIN)/python -m docs.make_strategies
	$(BIN)/python -m docs.make_detectors
	$(BIN)/python -m docs.make_which_strategy
	$(BIN)/python -m docs.make_ingest
	$(BIN)/python -m docs.results.make_tables
	$(BIN)/python helm/make_readme.py > helm/README.md
	$(BIN)/sphinx-build --quiet --fresh-env --fail-on-warning --keep-going --builder html docs docs/_build
	@echo "docs: docs/_build/index.html"

bench: .venv/bench ## Measure speed side by side with others and with the limits; about 15 minutes, on a machine that does nothing else
	$(BIN)/python benchmarks/everything.py

lock: .venv/dev ## Pin the newest dependencies that fit pyproject.toml
	$(PIP) install --quiet uv
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --python-version 3.11 --extra clouds --extra otel --extra tensorboard pyproject.toml -o requirements.txt
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --extra clouds --extra onnx --extra otel --extra tensorboard --extra transformers -c requirements-dev.txt pyproject.toml -o requirements-extras.txt
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 -c requirements-dev.txt benchmarks/requirements.in -o benchmarks/requirements.txt
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 tests/label_studio/requirements.in -o tests/label_studio/requirements.txt
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 tests/scan/requirements.in -o tests/scan/requirements.txt
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 -c requirements-dev.txt $$(sed -n 's/^\([a-z0-9-]*\)==.*/--no-emit-package \1/p' requirements.txt | sort -u) examples/detector-plugin/requirements.in -o examples/detector-plugin/requirements.txt

# The chart asks for the version, and `docker run al-job` for the latest.
image: ## Build the image, which is al-job:latest then, and print its size by layer
	$(BUILD) $(addprefix --tag ,$(TAGS)) .
	@$(DOCKER) history --format '{{.Size}}	{{.CreatedBy}}' $(IMAGE) | grep -v '^0B' | cut -c 1-60

image-slim: ## Build the image without torch, for the pods that need none, and print its size by layer
	$(BUILD) --target slim --tag $(IMAGE)-slim .
	@$(DOCKER) history --format '{{.Size}}	{{.CreatedBy}}' $(IMAGE)-slim | grep -v '^0B' | cut -c 1-60

version: ## Print the version
	@echo $(VERSION)

# In a clone the chart names what `make image` builds. A published chart names what was published, by its digest.
chart: ## Package the chart into DIST, with the container images that REPOSITORY, DIGEST and SLIM_DIGEST name
	rm -rf $(DIST)/chart && mkdir -p $(DIST) && cp -r helm $(DIST)/chart
	sed -i 's|^  repository: al-job$$|  repository: $(REPOSITORY)|; s|^  digest: ""$$|  digest: $(DIGEST)|; s|^    digest: "" # slim$$|    digest: $(or $(SLIM_DIGEST),"") # slim|' $(DIST)/chart/values.yaml
	helm package --destination $(DIST) $(DIST)/chart

e2e: .venv/dev image image-slim ## Build the images, load them into the cluster of KUBECONFIG, and install, run and remove there
	k8s/load-image $(IMAGE) $(IMAGE)-slim
	AL_SLIM=$(IMAGE)-slim $(E2E) tests/e2e/test_image.py tests/e2e/test_install.py

e2e-people: .venv/dev annotation-tools image ## The same for people: a Label Studio on this machine, and a driver that asks them there
	k8s/load-image $(IMAGE)
	$(E2E) tests/e2e/test_people.py

e2e-engines: .venv/dev image ## The same under real batch controllers, as far as the cluster has them: Kueue, JobSet, Argo
	k8s/load-image $(IMAGE)
	$(E2E) tests/e2e/test_kueue.py tests/e2e/test_nodes.py tests/e2e/test_argo.py

e2e-full: .venv/dev image ## The same, and everything that can go wrong on a cluster
	k8s/load-image $(IMAGE)
	$(E2E) tests/e2e

clean: ## Remove the virtual environment and all caches, but not ./state
	rm -rf .venv .wheel .annotation-tools .cloud-emulators .plugin-environment .promtool .scan-tools dist docs/_build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

# Stamps: a set-up that is there and newer than what it is made from is not made again.
.venv/bin/pip:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "al-voc needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv

.venv/run: requirements.txt pyproject.toml | .venv/bin/pip
	$(PIP) install --require-hashes -r requirements.txt
	$(PIP) install --no-deps --editable .
	@touch $@

.venv/dev: requirements-dev.txt pyproject.toml | .venv/bin/pip
	$(PIP) install --require-hashes -r requirements-dev.txt
	$(PIP) install --no-deps --editable .
	@touch $@ .venv/run

.venv/bench: benchmarks/requirements.txt .venv/dev
	$(PIP) install --require-hashes -r benchmarks/requirements.txt
	@touch $@

# Its database is migrated once, which takes a minute; each server of a test starts from a copy.
$(ANNOTATION_TOOLS)/done: tests/label_studio/requirements.txt
	rm -rf $(ANNOTATION_TOOLS)
	$(PYTHON) -m venv $(ANNOTATION_TOOLS)
	$(ANNOTATION_TOOLS)/bin/pip --disable-pip-version-check install --quiet --require-hashes -r $<
	LABEL_STUDIO_BASE_DATA_DIR=$(ANNOTATION_TOOLS)/template LABEL_STUDIO_LATEST_VERSION_CHECK=false LABEL_STUDIO_COLLECT_ANALYTICS=false $(ANNOTATION_TOOLS)/bin/label-studio version > $(ANNOTATION_TOOLS)/version.log 2>&1
	touch $@

# Away from .venv: checkov wants other versions of libraries.
$(SCAN_TOOLS)/done: tests/scan/requirements.txt
	$(PYTHON) -m venv $(SCAN_TOOLS)
	$(SCAN_TOOLS)/bin/pip --disable-pip-version-check install --quiet --require-hashes -r $<

# Without what discovers targets, which the tests do not need: much of its size and of the time to build it.
$(CURDIR)/.promtool/promtool:
	rm -rf .promtool && mkdir -p .promtool/go && printf 'module promtool\n\ngo 1.25\n' > .promtool/go.mod
	cd .promtool && export GOPATH=$$PWD/go GOCACHE=$$PWD/go/cache GOFLAGS="-modcacherw -buildvcs=false" && \
		go get -tool github.com/prometheus/prometheus/cmd/promtool@v0.316.0 && \
		go build -tags remove_all_sd -ldflags "-s -w" -o promtool github.com/prometheus/prometheus/cmd/promtool
	rm -rf .promtool/go

# The program of the one is built from source; what go downloads for that is not kept.
$(CLOUD_EMULATORS)/done:
	rm -rf $(CLOUD_EMULATORS) && mkdir -p $(CLOUD_EMULATORS)/go
	cd $(CLOUD_EMULATORS) && export GOBIN=$$PWD/bin GOPATH=$$PWD/go GOCACHE=$$PWD/go/cache && \
		go install -modcacherw -ldflags '-s -w' github.com/fsouza/fake-gcs-server@v1.56.1
	rm -rf $(CLOUD_EMULATORS)/go
	npm install --prefix $(CLOUD_EMULATORS) --no-audit --no-fund --ignore-scripts azurite@3.37.0
	touch $@

# A path file shows it the packages of .venv, so that PyTorch is neither downloaded nor installed again.
$(PLUGIN_ENVIRONMENT)/done: examples/detector-plugin/requirements.txt examples/detector-plugin/pyproject.toml | .venv/dev
	rm -rf $(PLUGIN_ENVIRONMENT)
	$(BIN)/python -m venv $(PLUGIN_ENVIRONMENT)
	$(BIN)/python -c 'import site; print("import site; site.addsitedir({!r})".format(site.getsitepackages()[0]))' \
		> $(PLUGIN_ENVIRONMENT)/al-voc.pth && mv $(PLUGIN_ENVIRONMENT)/al-voc.pth $(PLUGIN_ENVIRONMENT)/lib/python3*/site-packages
	$(PLUGIN_ENVIRONMENT)/bin/pip --disable-pip-version-check install --quiet --no-deps --require-hashes -r $<
	$(PLUGIN_ENVIRONMENT)/bin/pip --disable-pip-version-check install --quiet --no-deps --editable examples/detector-plugin
	touch $@
