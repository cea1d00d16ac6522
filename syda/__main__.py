"""``python -m syda`` is ``syda``."""

from syda.cli import main

if __name__ == "__main__":
    main(prog_name="syda")
