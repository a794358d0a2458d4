"""What scatters: one shape per file, and the registry that lists them."""
