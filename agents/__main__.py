"""``python -m agents`` is the ``expit`` command."""

from agents.cli import main

if __name__ == "__main__":
    main()
