"""The science of LNPScope: particles, scattering, ensembles, analysis, files. Knows no screen."""
