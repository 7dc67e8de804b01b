# Needs Go (1.26; an older one from 1.21 on fetches it by itself) and make.
# A C compiler adds the race detector, xmllint a second opinion on CAP XML;
# nothing else is needed.

GO       ?= go
FUZZTIME ?= 30s
BENCH    ?= .

# Go turns cgo off by itself where there is no C compiler.
RACE = $(if $(filter 1,$(shell $(GO) env CGO_ENABLED)),-race)

.PHONY: help run build install test check vet fmt staticcheck bench storm fuzz need missing

help: ## what there is to make
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## start the hub in dev mode; prints what to type next
	@exec bin/tocsin serve --dev

build: need ## bin/tocsin
	@$(GO) build -buildvcs=auto -o bin/tocsin ./cmd/tocsin

install: need ## tocsin on the PATH (go install)
	$(GO) install -buildvcs=auto ./cmd/tocsin

test: need missing vet ## every test
	$(GO) test $(RACE) -timeout 8m ./...

check: need missing fmt vet staticcheck ## what a reviewer asks for: format, vet, staticcheck, tests
	$(GO) test $(RACE) -timeout 8m ./...

vet:
	$(GO) vet ./...

fmt:
	@out=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); \
	if [ -n "$$out" ]; then echo "not formatted (gofmt -w):"; echo "$$out"; exit 1; fi

staticcheck:
	$(GO) tool staticcheck ./...

bench: need ## benchmarks (BENCH=FanOut for one)
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem ./...

storm: need ## the tests of crowds, with 10,000 clients
	TOCSIN_FULL=1 $(GO) test -count 1 -timeout 10m -v -run 'Storm|TestBreach|Silent|AgainstModel' ./hub

fuzz: need ## every fuzz target in turn, FUZZTIME each
	@set -e; for pkg in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "$$pkg $$target"; \
	    $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x $$pkg; \
	  done; \
	done

need:
	@command -v $(GO) >/dev/null || { echo "Go is missing. Get it from https://go.dev/dl/ (1.26), or your system's packages."; exit 1; }

missing:
	@[ "$(RACE)" ] || echo "Note: no C compiler, so the tests run without the race detector. To have it: install gcc or clang (Debian: apt-get install gcc libc6-dev; macOS: xcode-select --install)."
	@command -v xmllint >/dev/null || echo "Note: no xmllint, so CAP XML is not validated against its XSD. To have it: install libxml2 (Debian: apt-get install libxml2-utils)."
