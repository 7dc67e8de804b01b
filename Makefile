# Needs Go (1.26; an older one from 1.21 on fetches it by itself), Node 20 or newer
# with npm, and make; the tests need Chromium besides, which they install on Debian
# where they may. A C compiler adds the race detector, xmllint a second opinion on CAP
# XML; nothing else is needed.

GO       ?= go
FUZZTIME ?= 30s
BENCH    ?= .

WEB = web-client

# What npm writes last when it has installed the lock file.
INSTALLED = $(WEB)/node_modules/.package-lock.json

# What is built last, and of what. Tests of the client are no part of it.
BUILT       = $(WEB)/apps/console/dist/index.html
BUILT_TOO   = $(WEB)/apps/portal/dist/index.html $(WEB)/packages/client/dist/tocsin.js $(WEB)/packages/react/dist/index.js
WEB_SOURCES = $(shell find $(WEB)/apps $(WEB)/packages $(WEB)/tsconfig.base.json $(WEB)/vite.base.ts \
	\( -name node_modules -o -name dist -o -name dist-placeholder -o -name test \) -prune -o -type f -print)

# Go tests wait for clocks, disks and each other half of their time, so that more packages
# run at a time than there are cores. The whole of vet comes with them.
CORES   = $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
GO_TEST = $(GO) test $(RACE) -vet=all -p $$(($(CORES) + 1)) -timeout 8m ./...

# Go turns cgo off by itself where there is no C compiler.
RACE = $(if $(filter 1,$(shell $(GO) env CGO_ENABLED)),-race)

.PHONY: help run web build install test test-go test-web web-units web-types web-packages web-browser check check-deploy vet fmt staticcheck bench load storm chaos fuzz need need-npm need-chromium missing again

help: ## what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## start the hub in dev mode, portal and console with it; prints what to do next
	@exec bin/tocsin serve --dev

web: $(BUILT) ## the web client: libraries, portal, console (embedded by build)

$(INSTALLED): $(WEB)/package-lock.json | need-npm
	cd $(WEB) && npm ci --no-audit --no-fund
	@touch $@

# The others may be gone, though the last one is there.
$(BUILT): $(INSTALLED) $(WEB_SOURCES) $(if $(filter-out $(wildcard $(BUILT_TOO)),$(BUILT_TOO)),again) | need-npm
	cd $(WEB) && npm run --silent build
	@touch $@

again:

build: need web ## bin/tocsin, with the web client in it
	@$(GO) build -buildvcs=auto -o bin/tocsin ./cmd/tocsin

install: need web ## tocsin on the PATH (go install)
	$(GO) install -buildvcs=auto ./cmd/tocsin

# Go's tests leave half a core free, which the web client's units take; a browser that waits
# for a busy machine would fail, and comes after.
test: need need-npm need-chromium build ## every test: Go and the web client's units, then the browser's
	@$(MAKE) --no-print-directory -j3 test-go web-types web-packages web-units
	@$(MAKE) --no-print-directory web-browser

test-go: need missing ## the Go tests alone, with vet; need no npm
	$(GO_TEST)

# What each says stays together, where make can do that.
test-web: need-chromium build ## the web client's tests alone: types, units, sizes, packages, Chromium
	@$(MAKE) --no-print-directory -j3 $(if $(filter output-sync,$(.FEATURES)),-O) web-types web-packages web-units
	@$(MAKE) --no-print-directory web-browser

web-browser:
	cd $(WEB) && CHROMIUM="$$(./chromium.sh)" npm run --silent e2e

# With CI, vitest does not draw over what others print.
web-units:
	cd $(WEB) && CI=1 npm test --silent

web-types:
	cd $(WEB) && npm run --silent check

web-packages:
	cd $(WEB) && npm run --silent size
	cd $(WEB) && npm run --silent pack-check

check: need need-npm need-chromium fmt staticcheck test ## what a reviewer asks for: format, vet, staticcheck, tests

check-deploy: need ## docker-compose.yml and deploy/, by schema and with the real tools (a module of its own; minutes at first)
	cd deploy/check && $(GO) test -vet=all -count 1 -timeout 15m .

vet:
	$(GO) vet ./...

fmt:
	@out=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); \
	if [ -n "$$out" ]; then echo "not formatted (gofmt -w):"; echo "$$out"; exit 1; fi

staticcheck: need
	$(GO) tool staticcheck ./...

bench: need ## benchmarks (BENCH=FanOut for one), compared with a commit (BASE=main) or a file (OLD=bench.out)
	@GO=$(GO) BENCH='$(BENCH)' BASE='$(BASE)' OLD='$(OLD)' .ci/bench

load: need ## what a broadcast and a storm cost with 10,000 clients, beside the floor (docs/performance.md)
	$(GO) run ./loadtest fanout --burst 100 --not-reading 1
	$(GO) run ./loadtest storm

storm: need ## the tests of crowds, with 10,000 clients
	TOCSIN_FULL=1 $(GO) test -count 1 -timeout 10m -v -run 'Storm|TestBreach|Silent|AgainstModel|TestVisibility|TestPostureReplayed' ./hub

chaos: need ## break everything there is, with clients connected (ONLY="kill edge", REPORT=docs/reliability.md)
	$(GO) run ./chaos $(if $(ONLY),--only '$(ONLY)') $(if $(REPORT),--report '$(REPORT)')

fuzz: need ## every fuzz target in turn, FUZZTIME each
	@set -e; for pkg in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "$$pkg $$target"; \
	    $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x $$pkg; \
	  done; \
	done

need:
	@command -v $(GO) >/dev/null || { echo "Go is missing. Get it from https://go.dev/dl/ (1.26), or your system's packages."; exit 1; }

need-npm:
	@command -v npm >/dev/null && command -v node >/dev/null || { \
	  echo "Node and npm are missing; the web client is built and tested with them. Get Node 20 or newer from"; \
	  echo "https://nodejs.org/ or your system's packages (Debian: apt-get install nodejs npm)."; \
	  echo "Without them: go build ./cmd/tocsin (no pages in it), make test-go (Go alone)."; exit 1; }
	@node -e 'process.exit(+process.versions.node.split(".")[0] < 20 ? 1 : 0)' || { \
	  echo "Node $$(node --version) is too old for the web client; 20 or newer, please (https://nodejs.org/)."; exit 1; }

# Said before the long part of the work, not after it.
need-chromium:
	@$(WEB)/chromium.sh >/dev/null

missing:
	@[ "$(RACE)" ] || echo "Note: no C compiler, so the tests run without the race detector. To have it: install gcc or clang (Debian: apt-get install gcc libc6-dev; macOS: xcode-select --install)."
	@command -v xmllint >/dev/null || echo "Note: no xmllint, so CAP XML is not validated against its XSD. To have it: install libxml2 (Debian: apt-get install libxml2-utils)."
