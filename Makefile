# Thin names for the scripts in tools/; on a machine without make, run those.

.PHONY: demo test test-full assets check bench

demo: ## Install what is missing, build, and serve a seeded world on http://127.0.0.1:8080
	tools/demo.sh

test: ## Every check there is: both engines, browser, accessibility, HTML, API
	tools/test.sh

test-full: ## The same with the long runs: 50 kill rounds on each engine
	SIGNALBOX_FULL=1 tools/test.sh

assets: ## Fetch the front-end packages by lockfile and prepare what the binary embeds
	tools/assets.sh

bench: ## How fast it is with 10k, 100k and 1M changes: make bench SIZES=10k for less
	tools/bench.sh $(if $(SIZES),--sizes $(SIZES))

check: ## The quick round while writing: format, lint, unit tests
	cargo fmt --all --check
	cargo clippy --workspace --locked -- -D warnings
	cargo test --workspace --locked --lib
