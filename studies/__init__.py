"""Studies: a claim about networks, the runs that test it, and the verdict."""
