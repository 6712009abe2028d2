"""Write the folders that the weights of miniature arms are put into."""

from unicost.jobs import job
from unicost.miniature.skeletons import write_skeletons

with job(snakemake.log[0]):
    write_skeletons(snakemake.output[0])
