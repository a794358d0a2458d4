"""What a curve can tell: likelihood, posterior, verdict."""
