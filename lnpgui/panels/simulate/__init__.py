"""The curve an instrument would measure of a sample, beside measured ones."""
