"""Train: networks for what may be in the sample and for the user's own instrument, and the list of models."""
