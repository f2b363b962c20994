"""Many runs side by side: what tells them apart, what is measured of them, text and report."""
