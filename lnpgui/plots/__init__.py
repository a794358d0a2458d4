"""Plots: they take curves and draw them."""
