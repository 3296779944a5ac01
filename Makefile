.PHONY: run demo test test-system check lock

run:  ## set up and watch the feeds until stopped
	@sh deploy/run.sh

demo:  ## the whole line on sample feeds, offline
	@sh deploy/demo.sh

test:  ## set up and run the tests
	@sh deploy/test.sh

test-system:  ## tests that need root on Debian: kills, a browser, Postfix
	@sh deploy/test-system.sh

check:  ## format, lint, types, tests, coverage, layers
	@sh deploy/check.sh

lock:  ## write the lock files anew (needs uv)
	@sh deploy/lock.sh
