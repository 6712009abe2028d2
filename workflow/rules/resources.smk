# What jobs ask a cluster for, and which of them share a submission (docs/clusters.md).


def submission(name):
    """The submission that a job shares with others, as a function of its wildcards.

    There is one where a profile says how many go together. Elsewhere a name would only cost each plan time, most of a
    second for study full.
    """
    return lambda wildcards: name if workflow.group_settings.group_components else None


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
    if run.gpus == 0 and run.hours <= 0.25:
        return submission("judging")(wildcards)


def submission_of_judge(wildcards):
    """On a cluster, a judge that takes minutes on a CPU shares a submission with others like it."""
    judge = judge_of(wildcards)
    if judge.gpus == 0 and judge.hours <= 0.5:
        return submission("judging")(wildcards)


def submission_of_injections(wildcards):
    """Attempts are put to a judge on a CPU in the submission that follows verdicts."""
    return submission_of_judge(wildcards) and "statistics"
