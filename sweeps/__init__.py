"""Many runs to be made: the plan, who carries it out, and the choice of learning rates."""
