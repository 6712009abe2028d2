"""Checkpoints of transformers, for models and judges alike: fetched from the hub, loaded, and asked greedily."""
