"""A built benchmark as a dataset that can be put on the Hugging Face hub as it is."""
