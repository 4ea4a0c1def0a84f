"""`python -m sparing`."""

from sparing.cli.main import main

if __name__ == "__main__":
    main()
