"""Objects of mapped classes for tests: exactly the rows that a test needs, and the parents that these need."""
