"""`python -m nnbasic.cli` is `nnbasic`."""

from nnbasic.cli.main import main

main(prog_name="nnbasic")
