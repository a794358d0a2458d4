"""Simulated curves: the basis, noise, and what is drawn from them."""
