"""Panels: a view that shows and reports gestures, a presenter that decides."""
