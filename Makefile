# Ringfence. `make` alone says what there is. A machine needs Go and make, nothing else; modules download by themselves.

GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
CORE     := ./event/... ./text/... ./media/... ./graph/... ./learn/... ./rule/... ./sim/... ./internal/...
FUZZTIME ?= 30s

help: ## Say what there is
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

build: ## Build bin/ringfence, one static binary
	CGO_ENABLED=0 go build -o bin/ringfence ./cmd/ringfence

demo: build ## Run the whole system on a simulated week
	bin/ringfence demo

test: ## Vet and test everything: the gate
	go vet ./...
	RAPID_SEED=1 go test ./...

race: ## Test the core packages under the race detector
	CGO_ENABLED=1 RAPID_SEED=1 go test -race $(CORE)

fuzz: ## Fuzz every target for FUZZTIME each
	@grep -roE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | grep -v '^./bench/peers/' | sort | ( set -e; \
	while IFS=: read -r file target; do \
	  target="$${target#func }"; echo "$$file: $$target"; \
	  go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$(dirname "$$file")"; \
	done )

test-full: test race ## Everything: the gate, races, long tests, peers and fuzzing
	RINGFENCE_FULL=1 RAPID_CHECKS=2000 go test -count=1 -timeout 60m ./...
	cd bench/peers/automod && go vet ./... && go test ./...
	$(MAKE) fuzz

lint: ## Run the linters of .golangci.yml
	go run $(GOLANGCI) run

bench: build ## Measure what the README states
	bin/ringfence bench

clean: ## Remove what was built
	rm -rf bin

.PHONY: help build demo test race fuzz test-full lint bench clean
