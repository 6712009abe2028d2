"""The bundled benchmark: risk targets in readable files, asked in ten ways, each with a benign twin."""
