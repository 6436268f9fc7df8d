/* The disks that are mounted, and when each strikes. */
#include "fault_disks.h"

#include <stdlib.h>
#include <string.h>

const uint32_t fault_open = 1, fault_read = 2, fault_write = 4, fault_sync = 8,
               fault_truncate = 16, fault_delete = 32, fault_shm = 64;

/* Guards the list of disks and their reference counts. */
static pthread_mutex_t disks_mutex = PTHREAD_MUTEX_INITIALIZER;
static fault_disk *disks;
static pthread_once_t once = PTHREAD_ONCE_INIT;

fault_disk *fault_disk_mount(const char *directory) {
    pthread_once(&once, fault_vfs_register);
    fault_disk *disk = calloc(1, sizeof *disk);
    disk->directory = strdup(directory);
    disk->references = 1;
    pthread_mutex_init(&disk->mutex, NULL);
    pthread_mutex_lock(&disks_mutex);
    disk->next = disks;
    disks = disk;
    pthread_mutex_unlock(&disks_mutex);
    return disk;
}

fault_disk *disk_retain(const char *path) {
    pthread_mutex_lock(&disks_mutex);
    fault_disk *disk = disks;
    for (; disk; disk = disk->next) {
        size_t length = strlen(disk->directory);
        if (strncmp(path, disk->directory, length) == 0 && path[length] == '/') break;
    }
    if (disk) disk->references += 1;
    pthread_mutex_unlock(&disks_mutex);
    return disk;
}

void disk_release(fault_disk *disk) {
    pthread_mutex_lock(&disks_mutex);
    int left = --disk->references;
    pthread_mutex_unlock(&disks_mutex);
    if (left > 0) return;
    images_free(disk);
    pthread_mutex_destroy(&disk->mutex);
    free(disk->directory);
    free(disk);
}

void fault_disk_unmount(fault_disk *disk) {
    pthread_mutex_lock(&disks_mutex);
    fault_disk **link = &disks;
    while (*link && *link != disk) link = &(*link)->next;
    if (*link) *link = disk->next;
    pthread_mutex_unlock(&disks_mutex);
    pthread_mutex_lock(&disk->mutex);
    disk->is_dead = true;
    pthread_mutex_unlock(&disk->mutex);
    disk_release(disk);
}

void fault_disk_strike(fault_disk *disk, uint32_t kinds, int64_t n, enum fault_effect effect) {
    pthread_mutex_lock(&disk->mutex);
    disk->kinds = kinds;
    disk->calls = 0;
    disk->strikes_at = n;
    disk->effect = effect;
    pthread_mutex_unlock(&disk->mutex);
}

int64_t fault_disk_calls(fault_disk *disk) {
    pthread_mutex_lock(&disk->mutex);
    int64_t calls = disk->calls;
    pthread_mutex_unlock(&disk->mutex);
    return calls;
}

void fault_disk_repair(fault_disk *disk) {
    pthread_mutex_lock(&disk->mutex);
    disk->is_full = false;
    pthread_mutex_unlock(&disk->mutex);
}

bool disk_strikes(fault_disk *disk, uint32_t kind) {
    if (disk->is_dead) return true;
    if (!(disk->kinds & kind)) return false;
    disk->calls += 1;
    if (disk->calls != disk->strikes_at) return false;
    if (disk->effect == fault_power) disk->is_dead = true;
    if (disk->effect == fault_full) disk->is_full = true;
    return true;
}
