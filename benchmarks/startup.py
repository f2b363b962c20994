"""How long `nnbasic` takes to begin, against Python importing click.

python benchmarks/startup.py --json startup.json
"""

import argparse
import statistics
import subprocess
import sys
import tempfile

from common import in_turn, ratio, report

COMMANDS = {
    "import click": ["-c", "import click"],
    "nnbasic --help": ["-m", "nnbasic", "--help"],
    "nnbasic runs list (empty)": ["-m", "nnbasic", "runs", "list"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as empty:

        def call(arguments: list[str]):
            return lambda: subprocess.run(
                [sys.executable, *arguments], cwd=empty, capture_output=True, check=True
            )

        times = in_turn({name: call(a) for name, a in COMMANDS.items()}, options.rounds)
    base = times["import click"]
    rows = [[name, statistics.median(t), ratio(t, base)] for name, t in times.items()]
    report(["command", "seconds", "of import click"], rows, options.json)


if __name__ == "__main__":
    main()
