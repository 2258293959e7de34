"""Makes mutants of the stack and runs the unit tests on them."""
