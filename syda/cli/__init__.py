"""The command line, for those who write no Python: `syda --help`.

Nothing here imports pandas, NumPy or SQLAlchemy before a command runs, so that help comes at once.
"""

from __future__ import annotations

import click

from syda import __version__
from syda.cli.check import check
from syda.cli.demo import demo
from syda.cli.fixtures import dump, load
from syda.cli.generate import generate
from syda.cli.plan import plan
from syda.cli.rehearse import rehearse
from syda.cli.seed import seed


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="syda")
def main() -> None:
    """Fill a database with believable synthetic data that breaks no rule.

    Start with `syda demo`. Each command has its own --help with an example. Every command takes --json; exit codes
    are 0 (done), 1 (failed, or something was found), 2 (the command line is wrong) and 130 (Ctrl-C).
    """


for _command in (demo, plan, generate, seed, check, dump, load, rehearse):
    main.add_command(_command)
