"""Do judges know how sure they may be? Their stated probabilities beside the labels of the same answers."""
