"""What /proc tells of processes and of the machine (Linux)."""

import os

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def _stat(process):
    """The fields behind the command's name, which may hold anything."""
    with open(f"/proc/{process}/stat", encoding="ascii", errors="replace") as file:
        return file.read().rpartition(")")[2].split()


def tree(process):
    """The process and all that descend from it."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                parents[int(name)] = int(_stat(name)[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
    found = [process]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def cpu_seconds(processes):
    """User and system time of processes that are alive."""
    ticks = 0
    for process in processes:
        fields = _stat(process)
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS_PER_SECOND


def children_cpu_seconds():
    """User and system time of this program's children that have ended: the load generators."""
    times = os.times()
    return times.children_user + times.children_system


def busy_seconds():
    """What all cores have done since boot, idling and waiting for the disk left out."""
    with open("/proc/stat", encoding="ascii") as file:
        fields = [int(field) for field in file.readline().split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICKS_PER_SECOND


def _status_kib(process, name):
    with open(f"/proc/{process}/status", encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith(name + ":"):
                return int(line.split()[1])
    return 0


def resident_kib(processes):
    """What is in memory now; pages that processes share count for each."""
    return sum(_status_kib(process, "VmRSS") for process in processes)


def peak_resident_kib(processes):
    """The most that ever was."""
    return sum(_status_kib(process, "VmHWM") for process in processes)


def written_bytes(processes):
    """What was sent to the disk."""
    total = 0
    for process in processes:
        with open(f"/proc/{process}/io", encoding="ascii") as file:
            total += sum(
                int(line.split()[1]) for line in file if line.startswith("write_bytes"))
    return total


def pin(processes, cores):
    """Lets every thread of the processes run on `cores` only."""
    for process in processes:
        for thread in os.listdir(f"/proc/{process}/task"):
            os.sched_setaffinity(int(thread), cores)
