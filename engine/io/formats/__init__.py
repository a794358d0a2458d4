"""One module per file format: ``recognises(source)`` by content, ``read(source)`` into raw curves."""
