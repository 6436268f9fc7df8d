#pragma once

#include <stdbool.h>
#include <stdint.h>

/* A disk that fails when it is told to, and forgets what was never synced.

   SQLite's default VFS is wrapped once in a process. Files below a mounted directory go through
   the wrapper, all others straight to the system. The files themselves are real; beside each, the
   disk keeps what a power failure would leave of it. */

/* The calls that can be counted and made to fail. A bit each. */
extern const uint32_t fault_open, fault_read, fault_write, fault_sync, fault_truncate,
    fault_delete, fault_shm;

enum fault_effect {
    /* The call fails and does nothing; the next one works. */
    fault_once,
    /* A write stops in its middle, as at the end of a full disk; other calls fail as above. */
    fault_short,
    /* From this write on no file may grow, until the disk is repaired. */
    fault_full,
    /* The power fails: nothing of this call or any later one happens. */
    fault_power,
};

typedef struct fault_disk fault_disk;

/* Makes the files below a directory, an absolute path without a slash at the end, a disk. */
fault_disk *fault_disk_mount(const char *directory);

/* From the n-th call of these kinds on, counted from 1 and from now, has the effect. */
void fault_disk_strike(fault_disk *disk, uint32_t kinds, int64_t n, enum fault_effect effect);

/* How many calls of those kinds there were since. */
int64_t fault_disk_calls(fault_disk *disk);

/* Makes room again. */
void fault_disk_repair(fault_disk *disk);

/* Replaces the files of a copy of the directory by what a power failure now would leave of them.

   What was synced is there. Of the rest, each 512-byte sector is kept or lost by the seed: none
   for 0, all for 1. False if they can't be written. */
bool fault_disk_salvage(fault_disk *disk, const char *directory, uint64_t seed);

/* Ends the disk; files that are still open fail from now on. */
void fault_disk_unmount(fault_disk *disk);
