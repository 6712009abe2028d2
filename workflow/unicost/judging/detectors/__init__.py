"""Rule-based detectors, one a file."""
