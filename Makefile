# Everything starts from a fresh clone with Python 3.11 or newer and make; the environment lives in .venv.

PORT ?= 8501
VENV := .venv
RUN := $(VENV)/bin/python
# Stamps: what is required is installed again only when the requirements have changed.
READY := $(VENV)/ready
READY_DEV := $(VENV)/ready-dev
# The peers of the speed benchmark (PyTorch, jax) are large and nothing else needs them. They are left to pip,
# which takes the PyTorch that this machine is set up for.
PEERS := .venv-bench
READY_PEERS := $(PEERS)/ready
# What opening a page is compared with: TensorBoard and optuna-dashboard, without PyTorch.
OPENING := .venv-opening
READY_OPENING := $(OPENING)/ready
SITE := .venv-site
READY_SITE := $(SITE)/ready

# What Python has compiled is kept: else each process that a test starts would compile all of its packages again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test setup lint types browser bench bench-scripts bench-stacking bench-around bench-dashboard bench-opening bench-microscope soak bench-accuracy bench-first-point bench-table correctness mutants faults coverage docs lessons site screenshots moving-pictures plotly-script clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 20

run: $(READY) ## Open the dashboard (make run PORT=8600 for another port)
	@screen=; case "$$(uname -s)" in Darwin|CYGWIN*|MINGW*) screen=yes ;; esac; \
	if [ -n "$$CI" ] || [ -z "$$screen$$DISPLAY$$WAYLAND_DISPLAY" ]; then headless=true; else headless=false; fi; \
	exec $(RUN) -m streamlit run dashboard.py --server.port $(PORT) --server.headless $$headless

# Types are checked beside the tests, which go first; what they say stands below them, and a miss of either fails.
test: $(READY_DEV) lint browser ## Lint, check types and run all tests
	@log=$$(mktemp); \
	nice $(MAKE) --no-print-directory types > "$$log" 2>&1 & types=$$!; \
	$(RUN) -m pytest -n auto --dist loadgroup; tests=$$?; \
	wait $$types; types=$$?; cat "$$log"; rm -f "$$log"; \
	exit $$((tests + types))

setup: $(READY_DEV) ## Install everything into .venv and stop there

lint: $(READY_DEV)
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

types: $(READY_DEV)
	$(VENV)/bin/pyrefly check

browser: $(READY_DEV)
	@sh .ci/browser

# One thread each, before anything is imported; a kernel or a cache size of BLAS that the shell names would measure
# another machine.
bench: $(READY_PEERS) ## Steps against PyTorch's, scikit-learn's and jax's; writes docs/performance.md; then bench-around
	env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 \
		XLA_FLAGS="--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1" JAX_PLATFORMS=cpu \
		$(PEERS)/bin/python -m benchmarks.speed $(OPTIONS)
	@$(MAKE) --no-print-directory bench-stacking
	@$(MAKE) --no-print-directory bench-around

bench-scripts: $(READY_PEERS) ## Steps as scripts for PyTorch against those for NumPy; writes docs/compare-with-pytorch.md
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(PEERS)/bin/python -m benchmarks.torch_scripts

bench-stacking: $(READY_DEV) ## Seeds and grids side by side against one by one; writes docs/stacking.md (6 minutes)
	env -u OPENBLAS_CORETYPE OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 \
		$(RUN) -m benchmarks.stacking $(STACKING)

bench-around: $(READY_DEV) browser ## Where users wait around the loop; writes docs/around-the-loop.md (8 minutes)
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(RUN) -m benchmarks.around

bench-accuracy: $(READY_DEV) ## Our networks against scikit-learn's, as a table
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(RUN) -m benchmarks.accuracy

bench-first-point: $(READY_DEV) browser ## Seconds from Start to the first drawn point, in a real browser
	$(RUN) -m benchmarks.first_point

bench-table: $(READY_DEV) ## A large table with planted traps: what is named before Start, time, memory
	$(RUN) -m benchmarks.table

# One thread for each process, as workers have it: the machine is shared by server, viewers and training.
bench-dashboard: $(READY_DEV) ## What live pages cost with 1 and 20 viewers; writes docs/dashboard-speed.md (7 minutes)
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(RUN) -m benchmarks.dashboard $(OPTIONS)

bench-opening: $(READY_DEV) $(READY_OPENING) browser ## What opening a page costs, beside TensorBoard; writes docs/opening.md (10 minutes)
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(RUN) -m benchmarks.opening --python $(OPENING)/bin/python $(OPTIONS)

bench-microscope: $(READY_DEV) browser ## How quickly the Backprop page answers a key, in a real browser
	$(RUN) -m benchmarks.microscope

soak: $(READY_DEV) browser ## Ten minutes of two windows on a busy machine: errors, lost connections, memory
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(RUN) -m benchmarks.soak $(OPTIONS)

correctness: $(READY_DEV) ## Write docs/correctness.md: each part, what it is compared with, the difference
	$(RUN) -m docs.correctness

mutants: $(READY_DEV) ## Change the engine in 600 places, one at a time: do the tests notice? (20 minutes)
	$(RUN) -m benchmarks.mutants --write

# One thread for each process, as workers have it.
faults: $(READY_DEV) ## Kill, lock, fill, damage: is every promise kept? Writes docs/reliability.md (20 minutes)
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(RUN) -m benchmarks.faults --write $(OPTIONS)

coverage: $(READY_DEV) ## Which share of engine/nn and engine/training the tests run
	$(RUN) -m coverage run --source=engine/nn,engine/training -m pytest -q tests/nn tests/training tests/config tests/data
	$(RUN) -m coverage json -q -o .coverage-report.json
	$(RUN) -m docs.correctness --coverage .coverage-report.json

docs: $(READY_DEV) ## Write the generated parts of docs/ anew from the code
	$(RUN) -m docs.tables

lessons: $(READY_DEV) ## Try what the lessons claim to help on ten seeds; writes docs/lessons.md
	$(RUN) -m docs.lessons

site: $(READY_SITE) ## Build docs/ as a website in build/site (optional: installs mkdocs-material into .venv-site)
	$(SITE)/bin/python -m mkdocs build --strict --quiet

moving-pictures: $(READY_DEV) browser ## Write docs/moving: a run that learns, a vanishing gradient that is cured
	$(RUN) -m docs.take_moving_pictures

screenshots: $(READY_DEV) browser ## Write docs/screenshots: each page in light, dark and 390 px
	$(RUN) -m docs.take_screenshots

# For maintainers, who need npm for it; then the name in ui/live_chart/assets.py follows.
plotly-script: ## Fetch Plotly's bundle for charts with two axes (make plotly-script VERSION=4.1.1)
	@mkdir -p build
	npm pack --silent --pack-destination build plotly.js-cartesian-dist-min@$(VERSION)
	tar -xzf build/plotly.js-cartesian-dist-min-$(VERSION).tgz -C build
	rm -f ui/live_chart/plotly/*.min.js
	cp build/package/plotly-cartesian.min.js ui/live_chart/plotly/plotly-cartesian-$(VERSION).min.js
	cp build/package/LICENSE ui/live_chart/plotly/LICENSE

clean: ## Remove the environment and the tools' caches (runs in .lab stay)
	rm -rf $(VENV) $(PEERS) $(OPENING) $(SITE) build .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements.txt
	@sh .ci/environment $(VENV)
	$(RUN) .ci/install.py -r requirements.txt
	@touch $@

$(READY_DEV): requirements-dev.txt $(READY)
	$(RUN) .ci/install.py -r requirements-dev.txt
	@touch $@

$(READY_PEERS): benchmarks/requirements-peers.txt requirements.txt
	@sh .ci/environment $(PEERS)
	$(PEERS)/bin/python .ci/install.py -r requirements.txt
	$(PEERS)/bin/python -m pip install --quiet -r benchmarks/requirements-peers.txt
	@$(PEERS)/bin/python -m pip install --quiet "jax>=0.6,<1" || echo "jax does not install here: it is left out"
	@touch $@

$(READY_OPENING): benchmarks/requirements-opening.txt
	@sh .ci/environment $(OPENING)
	$(OPENING)/bin/python -m pip install --quiet -r benchmarks/requirements-opening.txt
	@touch $@

$(READY_SITE): docs/requirements.txt
	@sh .ci/environment $(SITE)
	$(SITE)/bin/python -m pip install --quiet -r docs/requirements.txt
	@touch $@
