"""Many runs side by side: how they differ, what was measured, as text and as a report."""
