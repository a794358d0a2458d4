"""Any particle the program knows, with the curve it scatters."""
