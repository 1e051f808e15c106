# make run      everything on this machine, with a demo, until Ctrl-C
# make quick    lint, types and the tests that a change can break, within 90 seconds
# make test     every check and every test; what .ci/run calls
# make lint     the checks alone
# make coverage which statements the tests reach
# make messages what pages say into locale/, for translators
# make bench    benchmarks/, writes benchmarks/RESULTS.md
# make crowd    fifty rollbacks at once on 200 hosts
# make soak     rollbacks and faults at random: make soak MINUTES=30
# make load     pages over a full MariaDB: make load ROLLBACKS=10000 LOG_MB=10240
# make faults   every fault that docs/guarantees.md promises to survive
# make hosts    real target hosts under systemd-nspawn; needs root
#
# make run PORT=8080 HOST=127.0.0.1 RESET=1 DEMO=0

VENV := .venv
PY := $(VENV)/bin/python

.PHONY: run quick test lint format messages coverage pictures programs bench load crowd soak faults hosts constraints clean
.DEFAULT_GOAL := run

# Where it is set every process would compile all that it reads, and a run starts hundreds.
unexport PYTHONDONTWRITEBYTECODE

run: $(VENV)/.embedded
	@$(PY) -m rollback_console up

quick: $(VENV)/.test
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(PY) -m tests.toolbox.quick

test: $(VENV)/.test
	@sh scripts/test.sh

lint: $(VENV)/.test
	@sh scripts/test.sh lint

format: $(VENV)/.test
	@$(PY) -m ruff check --fix . && $(PY) -m ruff format .

messages: $(VENV)/.test
	@$(PY) -m tests.toolbox.messages

pictures: $(VENV)/.test programs
	@$(PY) -m pytest -q tests/acceptance/test_journey.py -k postmortem_tells_how
	@cp tests/output/journey/home*.png tests/output/journey/approval*.png docs/img/
	@cp tests/output/journey/live*.png tests/output/journey/postmortem*.png docs/img/

bench: $(VENV)/.test programs build/peers/.installed
	@$(PY) -m benchmarks

ROLLBACKS ?= 300
LOG_MB ?= 20

load: $(VENV)/.test programs
	@TEST_DATABASE=mariadb $(PY) -m benchmarks.load --rollbacks $(ROLLBACKS) --log-mb $(LOG_MB)

crowd: $(VENV)/.test programs
	@$(PY) -m benchmarks.crowd

MINUTES ?= 30

soak: $(VENV)/.test programs
	@$(PY) -m benchmarks.soak --minutes $(MINUTES)

# Rows of that table whose tests are at home in another room.
SHOWN_ELSEWHERE = $(shell grep -oE 'tests/[a-z_/]+\.py::\w+' docs/guarantees.md | grep -vE '^tests/(faults|remote)/' | sort -u)

faults: $(VENV)/.test programs
	@EXPLORE=1 $(PY) -m pytest tests/faults tests/remote $(SHOWN_ELSEWHERE)

hosts: $(VENV)/.test
	@sh scripts/packages.sh hosts
	@$(PY) -m pytest tests/hosts -m hosts

# What a test needs is all that running needs.
$(VENV)/.embedded: pyproject.toml constraints.txt scripts/install.sh
	@sh scripts/install.sh embedded
	@touch $@

$(VENV)/.test: pyproject.toml constraints.txt scripts/install.sh
	@sh scripts/install.sh test
	@touch $@ $(VENV)/.embedded

# Servers, shells and a browser that tests and benchmarks start.
programs:
	@sh scripts/packages.sh

# What a team would use instead, apart from our own packages.
build/peers/.installed: scripts/peers.sh
	@if sh scripts/peers.sh; then touch $@; \
	else echo 'Ansible and pyinfra could not be installed: their rows are missing.'; fi

# Apart from `make test`, which it would slow down by half; what runs in other processes is not counted.
coverage: $(VENV)/.test
	@$(PY) -m pytest -q -n 3 --dist loadfile --cov --cov-report=term \
		-m 'not hosts and not faults and not browser'

# Newest versions that pyproject.toml allows, from an environment made for it alone.
constraints:
	@sh scripts/constraints.sh > constraints.new && mv constraints.new constraints.txt

clean:
	@rm -rf $(VENV) build ./*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
