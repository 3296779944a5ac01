"""`python -m monitor` is `vietnhat`."""

from monitor.cli import main

if __name__ == "__main__":  # reading processes import this module anew
    main()
