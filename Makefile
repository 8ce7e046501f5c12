# make demo    the main job on made-up data, end to end, and where its report is
# make test    lint, types and tests    make test-all    the long simulations and every family too (half as long again)
# make docs    the pages with every option of every command, as site/index.html
# make coverage    the tests again, and which lines none of them reached (half as long again)
# make test-lowest    the quick tests under the lowest versions claimed; make mutation    which broken lines no test notices
# make fuzz    50,000 damaged files instead of the 1,000 of make test (half an hour)
# make bench   mser beside Hugging Face's Trainer and pipeline and librosa (20 minutes; QUICK=1 only shows that it works)
# make speech [RAVDESS=... EMODB=... IEMOCAP=... MELD=... SPEECH=... TEXT=...]    what docs/speech.md tells, measured again
# make reproduce-iemocap IEMOCAP=/path/to/IEMOCAP_full_release [SPEECH=... TEXT=... OPTIONS="--jobs 2"]
# make reproduce-mosi MOSI=/path/to/CMU_MOSI, make reproduce-mosei MOSEI=/path/to/CMU_MOSEI      [SPEECH, TEXT, OPTIONS]
# make reproduce-... PAPER=1 ... SPEECH_BERT=FOLDER ROBERTA=FOLDER      the paper's encoders and recipe
.PHONY: demo docs test test-all test-lowest coverage fuzz mutation bench speech lint types lock reproduce-iemocap reproduce-mosi reproduce-mosei

PYTHON ?= python3
BIN = .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
JOBS ?= $(shell nproc 2>/dev/null || echo 1)

demo: .venv/installed
	experiments/demo/run.sh runs/demo --jobs $(JOBS)

# One process more than there are cores: browsers, servers and workers of folds are waited for a good part of the time.
PYTEST = OMP_NUM_THREADS=1 pytest -n $(shell echo $$(($(JOBS) < 8 ? $(JOBS) + 1 : 8))) --dist loadfile --doctest-modules mser tests

test: .venv/installed lint types
	$(PYTEST) -m 'not exhaustive'

test-all: .venv/installed lint types
	$(PYTEST)

docs: .venv/installed
	NO_MKDOCS_2_WARNING=1 mkdocs build --strict

coverage: .venv/installed
	$(PYTEST) --cov --cov-report=term-missing:skip-covered --cov-fail-under=95
	coverage report --include='mser/corpora/*' --fail-under=100 --skip-covered

# For maintainers: the quick tests under the lowest versions that pyproject.toml claims, in an environment of their own (needs uv).
test-lowest:
	uv venv -q --clear --python 3.11 .venv/lowest
	uv pip compile pyproject.toml --extra dev --resolution lowest-direct --python-version 3.11 --no-header -q -o .venv/lowest/requirements.txt
	VIRTUAL_ENV=.venv/lowest uv pip install -q -r .venv/lowest/requirements.txt
	VIRTUAL_ENV=.venv/lowest uv pip install -q --no-deps -e .
	OMP_NUM_THREADS=1 .venv/lowest/bin/python -m pytest -n auto --maxprocesses 8 --dist loadfile -m 'not slow and not exhaustive' tests

# For maintainers: which broken lines no test notices (needs cosmic-ray; hours. MODULES=mser/scoring/metrics.py MOST=20 tries 20 of one)
mutation: .venv/installed
	python tests/mutation.py $(MODULES) $(if $(MOST),--most $(MOST))

fuzz: .venv/installed
	MSER_FUZZ=50000 OMP_NUM_THREADS=1 pytest -n auto --maxprocesses 8 tests/test_fuzz.py

bench: .venv/installed
	python experiments/bench/bench.py

# Hours of a CPU for the larger corpora; a corpus that no variable names is left out, with the reason.
speech: export RAVDESS := $(RAVDESS)
speech: export EMODB := $(EMODB)
speech: export IEMOCAP := $(IEMOCAP)
speech: export CREMA_D := $(CREMA_D)
speech: export TABLE := $(TABLE)
speech: export MELD := $(MELD)
speech: .venv/installed
	$(if $(SPEECH),SPEECH='$(SPEECH)' )$(if $(TEXT),TEXT='$(TEXT)' )experiments/speech.sh $(or $(RUNS),runs/speech) $(OPTIONS)

lint: .venv/installed
	ruff format --check .
	ruff check .

types: .venv/installed
	mypy

REPRODUCE = reproduce-iemocap reproduce-mosi reproduce-mosei
ifdef PAPER
$(REPRODUCE): export EXPERIMENTS = paper_speech_only paper_text_only paper_frozen paper_shallow paper_coattention
$(REPRODUCE): export SPEECH = $(SPEECH_BERT)
$(REPRODUCE): export TEXT = $(ROBERTA)
KIND = -paper
else
export SPEECH TEXT
endif

reproduce-iemocap: ROOT = IEMOCAP
reproduce-iemocap: RELEASE = IEMOCAP_full_release
reproduce-mosi: ROOT = MOSI
reproduce-mosi: RELEASE = CMU_MOSI
reproduce-mosei: ROOT = MOSEI
reproduce-mosei: RELEASE = CMU_MOSEI

$(REPRODUCE): reproduce-%: .venv/installed
	@test -d "$($(ROOT))" || { echo "make: $(ROOT)='$($(ROOT))' is no folder; give $(ROOT)=/path/to/$(RELEASE)" >&2; exit 2; }
	experiments/reproduce.sh $* "$($(ROOT))" $(or $(RUNS),runs/$*$(KIND)) $(OPTIONS)

# The lock file is installed as it stands, by uv, which takes a quarter of pip's time, or by pip where uv, which does not
# read pip's settings, reaches no index; a changed one installs anew. Of 25,000 files a command imports 4,000: they are
# compiled when they are.
.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: $(PYTHON) is older than 3.11; give PYTHON=python3.12, say" >&2; exit 2; }
	@echo "Installing into .venv what requirements.lock names: several GB, a minute and as long as their download takes."
	@$(PYTHON) -m venv .venv
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > .venv/uv.lock
	@pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.lock
	@VIRTUAL_ENV=$(CURDIR)/.venv uv pip install --quiet --require-hashes -r requirements.lock || \
	pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements.lock
	@pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# For maintainers: choose the newest versions that pyproject.toml allows (needs uv). Extras stay named: without them an
# older pip takes the newest release of `coverage[toml]`, say, for unpinned as soon as there is one beyond the lock.
lock:
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes --no-header --no-strip-extras --upgrade -q -o requirements.lock
