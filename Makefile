# redlet's tasks. `make` lists them; everything below a target's `##` is what the list says.

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory

GO ?= go
NPM ?= npm
PORT ?= 6379
PLAYGROUND_PORT ?= 8379
WEBSOCKET_PORT ?= 8380
FUZZTIME ?= 15s
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

# What this machine can run: the race detector takes a C compiler, programs for 386 an amd64.
RACE := $(if $(filter 1,$(shell $(GO) env CGO_ENABLED)),-race)
RUNS_386 := $(filter linux/amd64,$(shell $(GO) env GOHOSTOS)/$(shell $(GO) env GOHOSTARCH))

# Modules of their own, for what only tests need.
CLIENTS := internal/clients
QUEUES := internal/queues
MINIREDIS := github.com/alicebob/miniredis/v2

GUEST := host/guest/built/redlet.wasm
MODULES := js/node_modules/.package-lock.json
GO_FILES = $(shell git ls-files -co --exclude-standard '*.go' '*.pgo' go.mod go.sum)
GUEST_FILES = $(filter-out %_test.go,\
	$(filter core/% wasm/% internal/sds/% go.mod go.sum,$(GO_FILES)))
PAGE := cmd/redlet/page/built/index.html
PAGE_FILES = $(shell git ls-files -co --exclude-standard js/src js/playground)

.PHONY: help
help: ## say what the targets do
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 12

.PHONY: run
run: build ## serve 127.0.0.1:6379 and the playground page (PORT=, PLAYGROUND_PORT=)
	bin/redlet --bind 127.0.0.1 --port $(PORT) --playground-port $(PLAYGROUND_PORT) \
		--websocket-port $(WEBSOCKET_PORT) --save ''

.PHONY: build
build: bin/redlet js/redlet.wasm ## build bin/redlet, guest and page in it, and js/redlet.wasm

.PHONY: wasm
wasm: $(GUEST) ## build the WebAssembly guest alone

$(GUEST): $(GUEST_FILES)
	$(GO) run ./wasm/build $@

js/redlet.wasm: $(GUEST)
	cp $< $@

# Without cgo it needs no C library of the system's, and runs in an empty container.
bin/redlet: $(GUEST) $(PAGE) $(GO_FILES)
	CGO_ENABLED=0 $(GO) build -trimpath -o $@ ./cmd/redlet

.PHONY: js
js: $(MODULES) js/redlet.wasm ## set the npm package up: its tools and the guest

$(MODULES): js/package-lock.json
	cd js && $(NPM) ci --no-audit --no-fund

.PHONY: playground
playground: $(MODULES) js/redlet.wasm ## build the playground for a static file server: js/playground/dist
	node js/playground/build.js

# The page in bin/redlet shares the guest that is in there already.
$(PAGE): js/redlet.wasm $(PAGE_FILES) | $(MODULES)
	node js/playground/build.js $(@D)
	rm $(@D)/app-*/redlet.wasm
	touch $@

.PHONY: test
test: build js playground ## run every test: Go with the race detector, guest, wazero, JavaScript
	@$(GO) run ./internal/reference
	@$(if $(RACE),,echo "left out: the race detector, which takes a C compiler")
	$(GO) test $(RACE) ./...
	cd $(CLIENTS) && $(GO) test $(RACE) ./...
	$(if $(RUNS_386),CGO_ENABLED=0 GOARCH=386 $(GO) test ./core/...,\
	  @echo "left out: the tests of core where an int has 32 bits, which takes linux/amd64")
	cd js && $(NPM) test

# What a registry does not have is left out, and named. A venv is made anew where the list is newer.
VENV := $(QUEUES)/python/.venv

.PHONY: vectors
vectors: ## write the test vectors of the guest's ABI anew: wasm/vectors
	$(GO) test -count=1 -run TestVectors ./wasm -args -rewrite

.PHONY: queues
queues: bin/redlet ## run queues, locks and limiters of Go and Python, and a cluster's client
	@if (cd $(QUEUES) && $(GO) mod download); then \
	  cd $(QUEUES) && $(GO) vet . && $(GO) mod tidy -diff && $(GO) test -count=1 .; \
	else echo "left out: asynq, redsync and redis_rate, of which not every module can be had"; fi
	@if $(MAKE) $(VENV)/ready; then \
	  cd $(QUEUES)/python && .venv/bin/python -B -m unittest test_queues test_cluster; \
	else echo "left out: RQ and Celery, of which not every package can be had"; fi

$(VENV)/ready: $(QUEUES)/python/requirements.txt
	python3 -m venv --clear $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@

# The package of Python is checked as its wheel, in a venv.
PYTHON := embed/python
TOOLS := $(CURDIR)/bin/python

.PHONY: python
python: $(GUEST) ## build the Python package (embed/python/dist), and check and test it
	@if $(MAKE) $(TOOLS)/ready; then $(MAKE) python-checks; \
	else echo "left out: the Python package, of whose tools not every one can be had"; fi

$(TOOLS)/ready: $(PYTHON)/tests/requirements.txt
	python3 -m venv --clear $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@

.PHONY: python-checks
python-checks: $(PYTHON)/src/redlet/redlet.wasm
	cd $(PYTHON) && rm -rf dist && $(TOOLS)/bin/pip wheel --quiet --disable-pip-version-check \
	  --no-deps --wheel-dir dist .
	cd $(PYTHON) && $(TOOLS)/bin/pip install --quiet --disable-pip-version-check --no-deps \
	  --force-reinstall dist/redlet-*.whl
	cd $(PYTHON) && $(TOOLS)/bin/ruff check . && $(TOOLS)/bin/ruff format --check .
	cd $(PYTHON) && $(TOOLS)/bin/mypy src && $(TOOLS)/bin/pyright --pythonpath $(TOOLS)/bin/python
	cd $(PYTHON) && $(TOOLS)/bin/python -m pytest -q
	embed/installed python

.PHONY: bench-python
bench-python: python ## measure the Python package beside fakeredis and redis-server
	$(TOOLS)/bin/pip install --quiet --disable-pip-version-check 'fakeredis[lua]==2.41.0'
	cd $(PYTHON) && $(TOOLS)/bin/python bench.py

$(PYTHON)/src/redlet/redlet.wasm: $(GUEST)
	cp $< $@

# HotSpot compiles no long functions, so the profile must not make any.
JVM_GUEST := embed/jvm/target/redlet.wasm

$(JVM_GUEST): $(GUEST_FILES)
	mkdir -p $(@D)
	$(GO) run ./wasm/build -pgo=off $@

.PHONY: jvm
jvm: $(JVM_GUEST) ## build the JVM's package (embed/jvm/target), and test it
	@if command -v javac >/dev/null && command -v mvn >/dev/null; then \
	  (cd embed/jvm && mvn -B -q verify) && embed/installed jvm; \
	else echo "left out: embed/jvm, which takes a JDK of version 17 and Maven"; fi

.PHONY: bench-jvm
bench-jvm: $(JVM_GUEST) ## measure embed/jvm, jedis-mock and redis-server, side by side (REDLET_REFERENCE=)
	cd embed/jvm && mvn -B -q test-compile exec:exec@bench \
	  -Dredis-server=$${REDLET_REFERENCE:-redis-server}

RUST := embed/rust
RUST_OLDEST = $(shell sed -n 's/^rust-version = "\(.*\)"/\1/p' $(RUST)/Cargo.toml)

.PHONY: rust
rust: $(RUST)/redlet.wasm ## build the Rust crate, and check and test it
	@if printf '%s\n' $(RUST_OLDEST) "$$(rustc --version 2>/dev/null | cut -d' ' -f2)" | sort -VC 2>/dev/null && \
	  (cd $(RUST) && cargo fetch --quiet --locked); then $(MAKE) rust-checks; \
	else echo "left out: embed/rust, which takes Rust $(RUST_OLDEST) and the crates that it is built on"; fi

# Clippy reads what is compiled for the tests: `cargo clippy` would have all that the crate is built
# on read once more, and so has rust-docs.
.PHONY: rust-checks
rust-checks:
	cd $(RUST) && cargo fmt --check
	cd $(RUST) && RUSTC_WORKSPACE_WRAPPER=clippy-driver cargo test --quiet --locked --all-features
	cd $(RUST) && cargo package --quiet --locked --no-verify --allow-dirty
	embed/installed rust

.PHONY: rust-docs
rust-docs: $(RUST)/redlet.wasm ## read the Rust crate's documentation for links that lead nowhere
	cd $(RUST) && RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps --all-features
	cd $(RUST) && cargo clippy --locked --all-targets -- -D warnings

.PHONY: bench-rust
bench-rust: $(RUST)/redlet.wasm bin/redlet ## measure the Rust crate beside redis-server (REDLET_REFERENCE=)
	cd $(RUST) && cargo run --quiet --locked --example bench

$(RUST)/redlet.wasm: $(GUEST)
	cp $< $@

.PHONY: setups
setups: js ## use the packed npm package in every set-up (bundlers, test runners, TypeScript, frameworks)
	cd js && $(NPM) run build && node test/setups/run.js --write

.PHONY: reference
reference: $(GUEST) miniredis ## run the tests that compare with a real redis-server (REDLET_REFERENCE=)
	@$(GO) run ./internal/reference -need
	$(GO) test -count=1 -run 'Reference|Differential|Lockstep' ./...

# They run in a copy of the module, which is not to be written to. Tests that ask for more than
# bin/redlet is are those that redis-server fails as well.
.PHONY: miniredis
miniredis: bin/redlet ## run miniredis's comparison of itself with redis-server, with bin/redlet as the latter
	@dir=$$(mktemp -d); trap 'chmod -R u+w "$$dir"; rm -r "$$dir"' EXIT; \
	if source=$$(cd internal/gobench && $(GO) mod download -json $(MINIREDIS) | \
	  sed -n 's/.*"Dir": "\(.*\)".*/\1/p') && cp -r "$$source" "$$dir/source" && \
	  chmod -R u+w "$$dir" && cd "$$dir/source" && $(GO) mod download; then \
	  mkdir "$$dir/bin"; ln -s "$(CURDIR)/bin/redlet" "$$dir/bin/redis-server"; \
	  PATH="$$dir/bin:$$PATH" INT=1 $(GO) test -count=1 ./integration; \
	else echo "left out: miniredis's integration tests, whose modules cannot be had"; fi

.PHONY: damage
damage: ## restore a million damaged payloads, and compare 50,000 of them with a real redis-server
	$(GO) test -count=1 -timeout 30m -run 'DamagedPayloads|DamagedUnchecked' ./core \
	  -args -payloads 1000000 -compared 50000 -everydamage

.PHONY: scripts
scripts: ## run every script of the table and 100,000 that the grammar makes up, beside a redis-server
	$(GO) test -count=1 -timeout 60m -run 'TestReferenceScripts$$' ./core \
	  -args -table 1 -scripts 100000

.PHONY: kill
kill: ## kill a server fifty times while it writes, and look for what it had acknowledged
	$(GO) test -count=1 -timeout 10m -run 'TestKill$$' ./cmd/redlet -args -kills 50

.PHONY: follow
follow: ## follow a redis-server, and have one follow, for ten minutes with the link cut at random
	$(GO) test -count=1 -timeout 25m -run FollowReference ./host -args -follow 5m

.PHONY: greed
greed: js ## ask guests of 64 and 128 MB, under wazero and in Node, for too much in every way
	$(GO) test -count=1 -timeout 40m -run GuestOutlivesGreed ./host -args -greed 64,128
	$(GO) test -count=1 -timeout 40m -run GuestOutlivesGreed ./host -args -greed 64,128 -greedinnode

.PHONY: bench
bench: build js ## measure against redis-server and print the table
	$(GO) run ./internal/bench

.PHONY: bench-families
bench-families: build ## measure each family of commands at several sizes against redis-server
	$(GO) run ./internal/bench -families

.PHONY: bench-go
bench-go: ## measure what redlet and miniredis cost Go tests, side by side
	cd internal/gobench && $(GO) run .

.PHONY: bench-lua
bench-lua: build js ## measure scripts against redis-server, in Node too
	$(GO) run ./internal/bench -lua

.PHONY: bench-queues
bench-queues: build js ## measure BullMQ's jobs a second, in Node too, beside redis-server (REDLET_REFERENCE=)
	cd js && node bench-queues.js

.PHONY: bench-page
bench-page: js ## measure what the playground costs who opens it: bytes, times, frames, memory
	cd js && node bench-page.js

.PHONY: bench-server
bench-server: build ## measure MONITOR, pub/sub, TLS, the append-only file, replicas, redirects
	$(GO) run ./internal/bench -server -rounds 3

.PHONY: profile
profile: ## measure what the compiler should make fast: default.pgo, which is committed
	$(GO) run ./internal/bench -profile wasm/default.pgo
	cp wasm/default.pgo cmd/redlet/default.pgo

.PHONY: fuzz
fuzz: ## fuzz everything that parses, each for FUZZTIME
	@$(GO) list -f '{{.Dir}}' ./... | while read -r dir; do \
	  grep -hos '^func Fuzz[A-Za-z0-9_]*' "$$dir"/*_test.go | while read -r _ name; do \
	    echo "$${dir#$$PWD/} $$name"; \
	    (cd "$$dir" && $(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) .); \
	  done; \
	done

.PHONY: fmt
fmt: $(MODULES) ## format the Go and the JavaScript files
	gofmt -w $$(git ls-files -co --exclude-standard '*.go')
	cd js && $(NPM) run fmt

.PHONY: check
check: ## what continuous integration runs: everything must pass
	@$(MAKE) format vet generated
	@$(MAKE) test
	@$(MAKE) queues
	@$(MAKE) python
	@$(MAKE) jvm
	@$(MAKE) rust
	cd js && $(NPM) run check
	@$(MAKE) clean-tree

.PHONY: format
format:
	@files=$$(gofmt -l $$(git ls-files '*.go')); \
	  [[ -z "$$files" ]] || { echo "not gofmt'ed:"; echo "$$files"; exit 1; }
	$(GO) mod tidy -diff
	cd $(CLIENTS) && $(GO) mod tidy -diff

.PHONY: vet
vet: $(GUEST)
	$(GO) vet ./...
	cd $(CLIENTS) && $(GO) vet ./...
	@! $(GO) list -deps . | grep wazero || { echo "redlet must not import wazero"; exit 1; }
	$(GO) run $(STATICCHECK) $$($(GO) list ./... | grep -v '/wasm$$')
	$(GO) run $(STATICCHECK) -checks inherit,-U1000 ./wasm # it does not know go:wasmexport
	GOOS=darwin $(GO) vet ./...
	GOOS=windows $(GO) vet ./...
	GOOS=wasip1 GOARCH=wasm $(GO) vet ./core/... ./wasm/...
	GOOS=freebsd $(GO) vet ./...
	GOOS=linux GOARCH=386 $(GO) vet ./...
	GOOS=linux GOARCH=arm $(GO) vet . ./core/... ./miniredis/... ./wasm/...
	for system in darwin/amd64 freebsd/amd64 windows/amd64 linux/386; do \
	  GOOS=$${system%/*} GOARCH=$${system#*/} $(GO) build -o /dev/null ./cmd/redlet; \
	done

.PHONY: generated
generated:
	$(GO) generate ./...
	@git diff --exit-code --stat -- '*.gen.*' || { echo "generated files were stale"; exit 1; }

.PHONY: clean-tree
clean-tree:
	@[[ -z "$$(git status --porcelain)" ]] || { \
	  echo "the checks left the tree changed:"; git status --porcelain; exit 1; }
