"""unicost: does unifying understanding and generation in one model cost safety, and how much?"""

__version__ = "0.1.0"
