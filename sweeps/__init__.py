"""Many runs to be trained: the plan, the processes that train them, and the search for rates."""
