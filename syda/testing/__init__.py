"""What the pytest plugin does: the databases of a suite, and the rows of a test."""
