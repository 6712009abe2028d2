"""Models answer the benchmark: one adapter a family, their weights, and the stage that asks them."""
