"""Guard models as judges: each is asked in its own format, and its answer is read by its own strict grammar."""
