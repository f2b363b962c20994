"""`python -m nnbasic` is `nnbasic`."""

from nnbasic.cli.main import main

main(prog_name="nnbasic")
