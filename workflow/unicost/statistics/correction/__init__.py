"""What the judge's errors do to rates and penalties: correction where labels or accuracies exist, tipping points."""
