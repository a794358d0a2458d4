"""The networks, tasks and protocol of T. Li, Physics-based SAXS Simulation and ML Characterization of LNPs (Cornell, 2025), mended."""
