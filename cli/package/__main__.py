"""`python -m nnbasic` is `nnbasic`."""

import sys

if not sys.flags.safe_path:
    del sys.path[0]  # the current folder, where a yaml.py may lie: `nnbasic` does not look there

from nnbasic.cli.main import main

main(prog_name="nnbasic")
