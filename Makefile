# One or two lines a target; scripts/ holds what needs more. CI calls only these.

.PHONY: run test build release lint format fuzz contract sanitize coverage mutants peers bench image clean

# Everything from nothing: system packages, release build, a server on SQLite in ./data.
run: release
	.build/release/muster serve --config config/muster.json --log-format text --demo

# Everything from nothing: system packages, debug build, all tests.
test: build
	scripts/test $(STRICT)

build:
	@scripts/install-system-packages
	swift build --build-tests $(STRICT)

release:
	@scripts/install-system-packages
	swift build -c release --product muster $(STRICT)

lint:
	swift format lint --strict --recursive Package.swift Sources Tests Benchmarks Fuzz
	scripts/check-tree

format:
	swift format --in-place --recursive Package.swift Sources Tests Benchmarks Fuzz

# Every operation of /openapi.json against the built server, by schemathesis: about a minute.
contract: release
	@scripts/install-system-packages python3-venv
	Tests/OpenAPI/contract .build/release/muster

# Each driver of Fuzz/ for FUZZ_SECONDS (60), two at a time on two cores; then every test under each
# sanitizer, built anew.
fuzz:
	@scripts/install-system-packages
	Fuzz/run

sanitize:
	@scripts/install-system-packages
	scripts/sanitize address
	scripts/sanitize thread

# Which lines the tests run; the parser and the authentication must reach 95 %.
coverage:
	@scripts/install-system-packages python3
	swift test --enable-code-coverage --scratch-path .build/coverage $(STRICT)
	scripts/coverage "$$(swift test --show-codecov-path --scratch-path .build/coverage)"

# Which small changes the tests notice, which takes long; or make mutants SAMPLE=50.
mutants:
	@scripts/install-system-packages python3
	Tests/Mutation/mutate $(if $(SAMPLE),--sample $(SAMPLE)) --jobs 2

# What others accept that we refuse, into docs/http.md.
peers: release
	@scripts/install-system-packages python3 golang-go nodejs nginx-light
	Tests/Peers/peers .build/release/muster

# Muster beside its peers, on loopback, every demand with its figure and verdict: under five minutes
# once built; or make bench FULL=1. See docs/benchmarks.md.
bench: release
	@scripts/install-system-packages nginx-light wrk golang-go g++ libsimdjson-dev python3
	swift build -c release --package-path Benchmarks
	mkdir -p Benchmarks/.build/peers
	go build -o Benchmarks/.build/peers/go Benchmarks/peers/go/main.go
	g++ -O2 -o Benchmarks/.build/peers/libraries Benchmarks/peers/libraries.cpp -lsimdjson -lz
	Benchmarks/run .build/release/muster $(if $(FULL),--full)

image:
	docker build -t muster:dev .

clean:
	rm -rf .build

# The arrows of docs/architecture.md: an import that Package.swift does not declare is an error.
STRICT = --explicit-target-dependency-import-check error
