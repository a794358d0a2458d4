"""Voxel maps in files: one format per module; ``registry`` reads any of them by content and writes by name."""
