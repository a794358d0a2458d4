"""Particles in three dimensions, or as a slice where there is no OpenGL."""
