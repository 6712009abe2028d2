# What jobs ask a cluster for, and which of them share a submission (docs/clusters.md).

# Only a profile that says how many jobs of a kind go together has submissions to share. Elsewhere the names of them would
# cost a plan of study full most of a second.
SHARED = bool(getattr(workflow.group_settings, "group_components", None))


def submission(name):
    """The name of the submission that a job shares with others, or none where a profile bundles nothing."""
    return name if SHARED else None


def growing(amount):
    """A resource of a job on a cluster: a second attempt gets twice the amount, a third one three times."""
    return lambda wildcards, attempt: amount * attempt


def memory_of(entry):
    """A resource of a job, by its entry (a function of the wildcards) that says how many gigabytes it takes."""
    return lambda wildcards, attempt: round(entry(wildcards).memory_gb * 1000 * attempt)


def hours_of(entry):
    """The same for its time, in minutes."""
    return lambda wildcards, attempt: round(entry(wildcards).hours * 60 * attempt)


def submission_of_model(wildcards):
    """On a cluster, a model that takes minutes on a CPU is asked and judged in one submission with others like it.

    Any other model is asked in a submission of its own, with the GPUs that it needs and without waiting for others.
    """
    run = run_of(wildcards)
    return submission("judging") if run.gpus == 0 and run.hours <= 0.25 else None


def submission_of_judge(wildcards):
    """On a cluster, a judge that takes minutes on a CPU shares a submission with others like it."""
    judge = judge_of(wildcards)
    return submission("judging") if judge.gpus == 0 and judge.hours <= 0.5 else None


def submission_of_injections(wildcards):
    """Attempts are put to a judge on a CPU in the submission that follows verdicts."""
    return submission_of_judge(wildcards) and submission("statistics")
