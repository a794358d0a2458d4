"""How a particle scatters: one solver per file, one signature."""
