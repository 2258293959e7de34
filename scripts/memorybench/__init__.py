"""What idle connections cost."""
