"""The statistics of a controlled experiment as its protocol declares them: outcomes, arms, contrasts, hypotheses.

The training seed is the unit of inference throughout: rates of answers are combined within a seed, and means, intervals
and tests are over seeds. Only seeds whose arms pass the capability gate enter.
"""
