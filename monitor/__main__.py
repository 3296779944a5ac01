"""`python -m monitor` is `vietnhat`."""

from monitor.cli import main

main()
