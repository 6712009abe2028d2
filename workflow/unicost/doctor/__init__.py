"""What a study still lacks on this machine, found before anything starts."""
