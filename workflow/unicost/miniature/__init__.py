"""The miniature experiment: a small closed world, its models, and the training that makes its arms."""
