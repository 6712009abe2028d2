"""Figures, tables, the numbers of the paper, and the paper itself, from what the statistics wrote."""
