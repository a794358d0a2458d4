"""From particles to a sample: size distributions and mixtures."""
