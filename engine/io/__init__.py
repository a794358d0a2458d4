"""Users' files: one format per file behind one registry."""
