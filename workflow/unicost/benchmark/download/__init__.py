"""Data that does not ship: fetched once, checked byte for byte, and kept with a manifest that later stages verify."""
