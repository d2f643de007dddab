# `make help` lists what there is. Nothing here needs more than make, python3 (3.11 to 3.14) and a network;
# what else is missing is installed (as root) or named in one apt-get line (as anyone else).

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check
# As requires-python in pyproject.toml says.
IS_PYTHON := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c '$(IS_PYTHON)' 2>/dev/null && { echo $$p; break; }; done)

# Releases that still call Luanti by its old name; llm_agentd/ops/game_binaries.py has the same list.
OLD_RELEASES := debian12 ubuntu24.04
RELEASE := $(shell . /etc/os-release 2>/dev/null && echo $$ID$$VERSION_ID)
GAME := $(if $(filter $(OLD_RELEASES),$(RELEASE)),minetest,luanti)
DEMO_DEBS := $(GAME)-server
# A real client without a screen, for tests and pictures.
SHOT_DEBS := $(DEMO_DEBS) $(GAME) locales xvfb xdotool libgl1 libgl1-mesa-dri
# A real browser for the dashboard: 330 MB on disk, more than all the rest, but a page that no browser opened is untested.
# A real Redis, its Sentinels and a Cluster: redis-tools holds their program too (tests/support/redis_servers.py), and
# not the service of redis-server, which would listen on this machine.
TEST_DEBS := $(SHOT_DEBS) chromium espeak-ng flite g++ lua5.1 lua-busted lua-check lua-cjson luajit luarocks libzmq5 minetest-mod-mobs-redo redis-tools systemd
PACKAGE_DEBS := lua5.1 luarocks
# Debian splits venv off; other builds of Python bring it along.
VENV_DEB = $(shell $(or $(PYTHON),false) -c 'import ensurepip' 2>/dev/null || echo python3-venv)

COMMA := ,
# llama-cpp-python compiles llama.cpp: without the parts for pictures, which nothing here uses, and without AMX, whose
# matrix product crashes (ggml-org/llama.cpp#20824: ggml_backend_amx_mul_mat on Sapphire Rapids).
NO_AMX := $(if $(filter x86_64,$(shell uname -m)),-DCMAKE_C_FLAGS=-mno-amx-int8 -DCMAKE_CXX_FLAGS=-mno-amx-int8)
export CMAKE_ARGS ?= -DLLAVA_BUILD=OFF $(NO_AMX)

LUA_DIRS := daemon/llm_agentd/demo docs/examples lua mods tests/mods
ARGS ?=
# Whole files to each worker, in their order: tests/conftest.py says how many workers and which tests come first.
# Compiled files are kept whatever the environment says: else each worker and each daemon would compile all anew.
PYTEST = PYTHONDONTWRITEBYTECODE= $(PY) -m pytest -q --dist loadfile --no-loadscope-reorder
PYTEST_FAULTS = PYTHONDONTWRITEBYTECODE= $(PY) -m pytest -q -n 3 --dist load --maxschedchunk 1 --no-skips -o faulthandler_timeout=900

# $(call debs,PACKAGES): installs the missing ones as root, else prints the line that does and stops.
define debs
@wanted="$(strip $(1) $(VENV_DEB))"; \
if ! command -v dpkg-query >/dev/null; then \
  echo "not a Debian system; what these packages hold must be installed: $$wanted" >&2; exit 0; fi; \
missing=; for deb in $$wanted; do \
  [ "$$(dpkg-query -W -f '$${db:Status-Status}' $$deb 2>/dev/null || true)" = installed ] || missing="$$missing $$deb"; done; \
[ -n "$$missing" ] || exit 0; \
if [ "$$(id -u)" != 0 ]; then \
  echo "some Debian packages are missing; install them, then run make again:" >&2; \
  echo "  sudo apt-get install -y --no-install-recommends$$missing" >&2; exit 1; fi; \
echo "== apt-get install$$missing"; begun=$$SECONDS; \
export DEBIAN_FRONTEND=noninteractive; \
apt-get install -qq -y --no-install-recommends $$missing >/dev/null 2>&1 || { \
  apt-get update -qq && apt-get install -qq -y --no-install-recommends $$missing >/dev/null; }; \
echo "   apt-get: $$((SECONDS - begun)) s"
endef

# $(call venv,EXTRAS): the virtual environment, with what pyproject.toml asks for at the versions of constraints.txt.
define venv
@python="$(PYTHON)"; \
if [ -z "$$python" ]; then python=$$(command -v python3 || true); fi; \
if [ -z "$$python" ] || ! $$python -c '$(IS_PYTHON)'; then \
  echo "no Python from 3.11 to 3.14 found$${python:+ ($$($$python -V 2>&1))}; install one, or name it:" \
    "make PYTHON=/path/to/python3" >&2; exit 1; fi; \
if ! $(PY) -c 'import pip; $(IS_PYTHON)' 2>/dev/null; then \
  echo "== virtual environment $(VENV) from $$($$python -V)"; \
  rm -rf $(VENV); $$python -m venv $(VENV); fi; \
echo "== pip install -e .$(1) (takes a minute or two; with native llama.cpp is compiled: some more)"; begun=$$SECONDS; \
$(PIP) install -q -e '.$(1)' -c constraints.txt; \
echo "   pip: $$((SECONDS - begun)) s"
@touch $@
endef

# $(call step,NAME,COMMAND): says what runs, runs it, and says how long it took.
define step
@echo "== $(1)"; begun=$$SECONDS; $(2) && echo "   $(1): $$((SECONDS - begun)) s"
endef

.PHONY: help setup demo test engines test-faults unit pytest busted run bench screenshots animation docs lint lint-python lint-lua package lock clean debs-demo debs-shot debs-test debs-package dashboard-pictures listening-test

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

setup: debs-test $(VENV)/.dev $(VENV)/bin/promtool $(VENV)/bin/haproxy  ## virtual environment in .venv, and (as root) the Debian packages

demo: debs-demo $(VENV)/.run  ## a real game server with NPCs that talk, for DEMO_SECONDS (60; 0 = until Ctrl-C)
	@$(PY) -m llm_agentd.demo

run: $(VENV)/.run  ## the daemon and its HTTP adapter here in the terminal (ARGS="--set http.port=8080")
	@$(PY) -m llm_agentd serve $(ARGS)

# The linters use one core for most of their time, and so does busted: side by side, each prints when it is done.
test: setup  ## every check, the quick ones first; pytest side by side (ARGS="tests/game" for a part of it)
	@begun=$$SECONDS; $(MAKE) -j3 -Oline lint-python lint-lua busted; $(MAKE) pytest; \
	echo "== all checks passed in $$((SECONDS - begun)) s"

unit: setup  ## pytest without game servers, child processes and models, in under a minute (ARGS as above)
	@$(PYTEST) -n logical -m "not (slow or e2e)" $(ARGS)

# Three at a time on two cores: most of them wait for a clock. The table of all is printed at the end, and written to a file.
test-faults: debs-test $(VENV)/.dev  ## the campaign of faults and attacks, 20 minutes (docs/reliability.md)
	@FAULTS=long FAULTS_JSON=$(or $(JSON),build/faults.json) $(PYTEST_FAULTS) $(or $(ARGS),tests/faults)

pytest:
	$(call step,pytest,$(PYTEST) -n auto --no-skips $(ARGS))

busted:
	$(call step,busted (LuaJIT),busted --lua=$$(command -v luajit) lua/spec)

lint: setup lint-python lint-lua  ## the linters alone

lint-python:
	$(call step,ruff check,$(PY) -m ruff check .)
	$(call step,ruff format --check,$(PY) -m ruff format --check .)
	$(call step,import-linter,PYTHONPATH=daemon $(VENV)/bin/lint-imports --no-logo)
	$(call step,mypy --strict,$(PY) -m mypy)

lint-lua:
	$(call step,luacheck,luacheck -q $(LUA_DIRS))

bench: $(VENV)/.run  ## the quick benchmarks on the embedded model, as tables (docs/benchmarks.md)
	@for name in hit decode grammar memory village restart; do $(PY) -m llm_agentd bench $$name; done

engines: setup  ## the tests with a game server on other engines, in every game at hand (ENGINES="FOLDER …")
	@PYTHONPATH=. $(PY) tools/engines.py $(ENGINES) $(if $(ARGS),-- $(ARGS))

screenshots: debs-shot $(VENV)/.dev  ## pictures of a real client, into OUT (build/screenshots)
	@PYTHONPATH=. $(PY) tools/screenshots.py $(or $(OUT),build/screenshots) $(ARGS)

dashboard-pictures: debs-test $(VENV)/.dev  ## pictures of the dashboard while a village lives, into OUT (build/screenshots)
	@PYTHONPATH=. $(PY) tools/dashboard_pictures.py $(or $(OUT),build/screenshots) $(ARGS)

animation: debs-shot $(VENV)/.dev  ## a trade in a real client as docs/images/trade.webp, or as OUT
	@PYTHONPATH=. $(PY) tools/animation.py $(or $(OUT),docs/images/trade.webp)

listening-test: debs-test $(VENV)/.dev  ## the shipped roles' voices as Ogg files and a page, in build/listening
	@PYTHONPATH=. $(PY) tools/listening_test.py $(or $(OUT),build/listening)

docs: $(VENV)/.run  ## docs/configuration.md, systemd/config.yaml anew, from the keys in the code
	@$(PY) -m llm_agentd.config.docs .

# The wheel is built from the sdist, so both work outside a checkout. The parts list (SBOM, CycloneDX) is that of
# requirements/runtime.txt; cyclonedx-py checks it against its schema. The rock is packed from where luarocks put it.
ROCKS = luarocks --lua-version 5.1 --tree $(CURDIR)/build/rock
package: debs-package $(VENV)/.run  ## in dist/ wheel, sdist, requirements with hashes, SBOM, mod as a zip, rock, checksums
	@rm -rf build dist; mkdir build dist
	@$(PIP) install -q -c constraints.txt build cyclonedx-bom setuptools
	@$(PY) -m build -n --outdir dist . >build/build.log 2>&1 || { tail -20 build/build.log >&2; exit 1; }
	@$(PY) -m llm_agentd.ops.package_mod dist
	@cd lua && $(ROCKS) make --deps-mode none >../build/rock.log 2>&1 || { cat ../build/rock.log >&2; exit 1; }
	@cd dist && $(ROCKS) pack llm-agentd >/dev/null
	@name=llm_agentd-$$($(PY) -c 'import llm_agentd; print(llm_agentd.__version__)'); \
	cp requirements/runtime.txt dist/$$name.requirements.txt; \
	sed "s/^dynamic = .*/version = \"$${name#*-}\"/" pyproject.toml > build/pyproject.toml; \
	$(PY) -W ignore -m cyclonedx_py requirements requirements/runtime.txt --pyproject build/pyproject.toml \
	  --mc-type application --output-reproducible --of JSON -o dist/$$name.cdx.json
	@cd dist && sha256sum * >SHA256SUMS && cat SHA256SUMS

# uv resolves for all Pythons and systems at once: a pin that holds for some of them has a marker.
COMPILE = $$folder/bin/uv pip compile -q --universal --python-version 3.11 --no-annotate --no-header $(ARGS)
EXTRA = sed -n 's/^$(1) = \["\(.*\)"\]/\1/p' pyproject.toml | sed 's/", "/\n/g'
lock:  ## the exact versions of requirements/ and constraints.txt (ARGS=--upgrade: the newest)
	@folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	$(PYTHON) -m venv $$folder; $$folder/bin/python -m pip --disable-pip-version-check install -q uv; \
	cp requirements/runtime.txt constraints.txt $$folder; \
	$(COMPILE) pyproject.toml --generate-hashes -o $$folder/runtime.txt; \
	$(COMPILE) pyproject.toml --extra bench --extra dev --extra native -c $$folder/runtime.txt -o $$folder/constraints.txt; \
	{ echo "# What a daemon runs with, by version and hash; \`make lock\` writes it."; \
	  grep -v '^#' $$folder/runtime.txt; } > requirements/runtime.txt; \
	$(call EXTRA,redis) | $(COMPILE) - --generate-hashes -c $$folder/constraints.txt -o $$folder/redis.txt; \
	{ echo "# What the extra redis adds to runtime.txt, for the container (deploy/); \`make lock\` writes it."; \
	  grep -v '^#' $$folder/redis.txt; } > requirements/redis.txt; \
	{ $(call EXTRA,speech); $(call EXTRA,hearing); $(call EXTRA,signs); } \
	  | $(COMPILE) - --generate-hashes -c $$folder/constraints.txt -o $$folder/speech.txt; \
	{ echo "# What the extras speech, hearing and signs add to runtime.txt, for the container (deploy/); \`make lock\` writes it."; \
	  grep -v '^#' $$folder/speech.txt; } > requirements/speech.txt; \
	{ echo "# The exact versions that are tested; \`make lock\` writes them. No torch: the extra \`train\` is free."; \
	  grep -v '^#' $$folder/constraints.txt; } > constraints.txt; \
	wc -l requirements/runtime.txt constraints.txt

clean:  ## removes what make has made
	rm -rf $(VENV) build dist daemon/*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .demo

debs-demo:
	$(call debs,$(DEMO_DEBS))

debs-shot:
	$(call debs,$(SHOT_DEBS))

debs-test:
	$(call debs,$(TEST_DEBS))

debs-package:
	$(call debs,$(PACKAGE_DEBS))

$(VENV)/.run: pyproject.toml constraints.txt | debs-venv
	$(call venv,)

$(VENV)/.dev: pyproject.toml constraints.txt | debs-venv
	$(call venv,[dev$(COMMA)native])
	@touch $(VENV)/.run

# Of Debian's prometheus its two programs alone: the package would start a service that listens on all addresses.
$(VENV)/bin/promtool: | $(VENV)/.dev
	@command -v dpkg-deb >/dev/null || { echo "not a Debian system; put prometheus and promtool into $(VENV)/bin" >&2; exit 0; }; \
	echo "== prometheus and promtool, into $(VENV)/bin"; bin=$$(realpath $(VENV)/bin); \
	folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; cd "$$folder"; \
	apt-get download prometheus >/dev/null 2>&1 || { apt-get update -qq && apt-get download prometheus >/dev/null; }; \
	dpkg-deb -x prometheus_*.deb .; install -t "$$bin" usr/bin/prometheus usr/bin/promtool

# Of Debian's haproxy the program alone, and what it needs: the package would start a service, now and at each boot.
$(VENV)/bin/haproxy: | $(VENV)/.dev
	@command -v dpkg-deb >/dev/null || { echo "not a Debian system; put haproxy into $(VENV)/bin" >&2; exit 0; }; \
	echo "== haproxy, into $(VENV)/bin"; bin=$$(realpath $(VENV)/bin); \
	folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; cd "$$folder"; \
	apt-get download haproxy >/dev/null 2>&1 || { apt-get update -qq && apt-get download haproxy >/dev/null; }; \
	dpkg-deb -x haproxy_*.deb .; needs=$$(dpkg-deb -f haproxy_*.deb Depends); \
	if ldd usr/sbin/haproxy | grep -q 'not found'; then \
	  if [ "$$(id -u)" != 0 ]; then echo "haproxy wants libraries; install them, then run make again:" >&2; \
	    echo "  sudo apt-get satisfy -y --no-install-recommends '$$needs'" >&2; exit 1; fi; \
	  DEBIAN_FRONTEND=noninteractive apt-get satisfy -qq -y --no-install-recommends "$$needs" >/dev/null; fi; \
	install -t "$$bin" usr/sbin/haproxy

.PHONY: debs-venv
debs-venv:
	$(call debs,)
