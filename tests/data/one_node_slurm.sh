#!/bin/sh
# A Slurm of one node on this machine, for trying profiles/slurm (docs/clusters.md). It needs Debian's packages
# slurm-wlm and munge, but neither root nor anything outside FOLDER: its own key, configuration, state and logs.
#
#   tests/data/one_node_slurm.sh start FOLDER [GPUS]    then: . FOLDER/environment
#   tests/data/one_node_slurm.sh stop FOLDER
#
# GPUS (at most 4) are counted and handed out by Slurm without being there, which shows what jobs ask for.
set -eu

usage() {
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
    exit 2
}

[ $# -ge 2 ] || usage
action=$1
gpus=${3:-0}
mkdir -p "$2"
folder=$(cd "$2" && pwd)
# The daemons are not on every user's path.
PATH=$PATH:/usr/sbin:/sbin
export SLURM_CONF="$folder/slurm.conf"

gres() {
    [ "$gpus" -eq 0 ] || echo "Gres=gpu:$gpus"
}

write_configuration() {
    node=$(hostname -s)
    user=$(id -un)
    # What the system itself needs is left to it.
    memory=$(awk '/MemTotal/ {print int($2 / 1024) - 512}' /proc/meminfo)
    cat > "$SLURM_CONF" <<END
ClusterName=one_node
SlurmctldHost=$node(127.0.0.1)
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
CredType=cred/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ReturnToService=2
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/filetxt
JobCompLoc=$folder/jobs.txt
SchedulerParameters=sched_interval=1
GresTypes=gpu
NodeName=$node NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=$memory $(gres) State=UNKNOWN
PartitionName=main Nodes=$node Default=YES MaxTime=INFINITE State=UP
END
    # Slurm counts devices as GPUs; it opens none.
    printf '%s\n' null zero full random | head -n "$gpus" | sed 's|^|Name=gpu File=/dev/|' > "$folder/gres.conf"
    # Slurm's executor keeps SLURM_CONF from the steps of its jobs, so `srun` is a command that knows it.
    mkdir -p "$folder/bin"
    printf '#!/bin/sh\nSLURM_CONF=%s exec %s "$@"\n' "$SLURM_CONF" "$(dirname "$(command -v sbatch)")/srun" > "$folder/bin/srun"
    chmod +x "$folder/bin/srun"
    echo "export SLURM_CONF=$SLURM_CONF PATH=$folder/bin:\$PATH" > "$folder/environment"
}

start() {
    for program in munged slurmctld slurmd; do
        command -v $program > /dev/null || { echo "$program is missing: apt install slurm-wlm munge" >&2; exit 1; }
    done
    mkdir -p "$folder/state" "$folder/spool"
    write_configuration
    [ -f "$folder/munge.key" ] || (umask 077 && head -c 1024 /dev/urandom > "$folder/munge.key")
    # --force: the folder may lie in one that others can write to, such as /tmp.
    munged --force --socket="$folder/munge.socket" --key-file="$folder/munge.key" --pid-file="$folder/munged.pid" \
        --log-file="$folder/munged.log" --seed-file="$folder/munge.seed"
    # -c: what an earlier start left in the folder does not count.
    slurmctld -c
    slurmd
    for _ in $(seq 30); do
        sinfo --noheader --format=%T 2> "$folder/sinfo.log" | grep -q idle && { sinfo; exit 0; }
        sleep 1
    done
    echo "the node did not come up: see $folder/slurmctld.log and slurmd.log" >&2
    exit 1
}

stop() {
    for daemon in slurmd slurmctld munged; do
        [ -f "$folder/$daemon.pid" ] && kill "$(cat "$folder/$daemon.pid")" || true
    done
}

case $action in
    start) start ;;
    stop) stop ;;
    *) usage ;;
esac
