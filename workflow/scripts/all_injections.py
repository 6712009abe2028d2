"""Gather what the attempts did to each judge of a study."""

import pandas as pd
from unicost.jobs import job
from unicost.store import write_csv

with job(snakemake.log[0]):
    frames = [pd.read_csv(path, float_precision="round_trip") for path in snakemake.input]
    write_csv(snakemake.output[0], pd.concat(frames))
