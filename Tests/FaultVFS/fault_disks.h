#pragma once

#include "fault_internal.h"

/* Makes the wrapper the default VFS. */
void fault_vfs_register(void);

/* The disk a file is on, or NULL; the caller releases it. */
fault_disk *disk_retain(const char *path);
void disk_release(fault_disk *disk);

/* Counts a call, with the disk's mutex held; true if it has to fail. */
bool disk_strikes(fault_disk *disk, uint32_t kind);
