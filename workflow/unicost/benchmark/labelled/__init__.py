"""Sets of responses that people labelled, one file each, and their import into a study."""
