"""Records the replies of examples/with_a_model.py from the packaged small model: python -m tests.language.record.

It takes some minutes. Delete the files in examples/replies first where requests have changed.
"""

from __future__ import annotations

import runpy
import time
from pathlib import Path
from urllib.parse import urlsplit

from tests.llm.local_server import serving_model

EXAMPLE = Path(__file__).parents[2] / "examples" / "with_a_model.py"


def main() -> None:
    example = runpy.run_path(str(EXAMPLE))
    with serving_model(urlsplit(example["ENDPOINT"]).port or 0) as server:
        for protocol in example["PATHS"]:
            began, before = time.monotonic(), len(server.received)
            example["main"]("sqlite://", protocol, "record")
            calls = len(server.received) - before
            print(f"{protocol}: {calls} calls in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
