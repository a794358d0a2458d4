"""Analyse: measured curves in, verdicts out."""
