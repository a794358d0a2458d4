"""How much of a user's file is read before it is refused; every input is bounded."""

from __future__ import annotations

MIN_POINTS = 11
"""Fewest usable points of a curve. Two populations already ask ten numbers of it (two sizes, two widths, a fraction,
two contrasts, shell, scale, background), so ten points or fewer cannot contradict any answer."""

MAX_POINTS = 200_000
"""Most rows of one data set. A detector has a few thousand radial bins; more is an image or a log file."""

MAX_CURVES = 500
"""Most data sets taken from one file."""

MAX_TEXT_BYTES = 64 * 2**20
"""Largest text or XML file. A curve of 10 000 points takes less than 1 MB."""

MAX_LINES = 400_000
"""Most lines of a text file."""

MAX_LINE_CHARS = 4_000
"""Longest line that can be a row of numbers; longer ones are words."""

MAX_COLUMNS = 64
"""Most columns of a row of numbers."""

MAX_HDF5_BYTES = 512 * 2**20
"""Largest HDF5 file; its large images are not read."""

MAX_ARRAY_VALUES = 4_000_000
"""Most numbers in one array of a file (HDF5, .npy), checked before it is read."""

MAX_CHUNK_BYTES = 64 * 2**20
"""Largest compressed piece of an HDF5 array: the library unpacks whole pieces at once."""

MAX_CHUNKS = 20_000
"""Most packed pieces of one HDF5 array."""

MAX_UNPACKED_BYTES = 512 * 2**20
"""Most bytes the packed pieces of one HDF5 array unpack to; the largest voxel map has 256 MB."""

MAX_HDF5_NODES = 20_000
"""Most groups and data sets looked at in one HDF5 file."""

MAX_XML_ELEMENTS = 600_000
"""Most elements of an XML file."""

MAX_XML_DEPTH = 64
"""Deepest nesting of an XML file; canSAS needs six."""

MAX_FILES = 5_000
"""Most files taken from folders dropped at once."""

MAX_FOLDER_DEPTH = 6
"""How deep a dropped folder is searched."""
