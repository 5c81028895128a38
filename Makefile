# Thin: each target is one script or one command. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help console-test quickstart quick test conformance interop check static bench campaign soak fuzz

help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

quickstart: ## Build, then bring three devices to a server of your own; ARGS=--stay leaves it up, with its console
	@scripts/quickstart $(ARGS)

quick: ## Format, lints and unit tests of what differs from main, in a minute; says what it leaves out
	@scripts/quick

test: ## Install what the tests need, then run all of them
	@scripts/test

console-test: ## Build the console anew, compare it with what is committed, lint it, drive it in Chromium
	@scripts/console-test

conformance: ## Hold every operation against the botocore model, MQTT against its standards; write and print the tables
	@scripts/conformance

interop: ## Run clients of ten years against the server, a line each, and print a table
	@scripts/interop

check: ## Everything that must be clean before a change lands: format, lints, docs, licences, tests
	@scripts/check

static: ## Build both commands with musl: they run on any Linux of this processor
	@scripts/static

bench: ## Print the speed as ratios, measured in one run
	@scripts/bench

campaign: ## Faults at random moments under load, against an external ledger (CAMPAIGN_MINUTES=30)
	@scripts/campaign

soak: ## Sessions under churn and kill -9, nothing lost and no memory kept (SOAK_MINUTES=60)
	@scripts/soak

fuzz: ## Fuzz every target for a minute each (FUZZ_SECONDS=60)
	@scripts/fuzz
