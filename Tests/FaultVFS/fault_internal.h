#pragma once

#include "fault_vfs.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stddef.h>

/* What happened to a file since it was last synced. */
typedef struct change {
    struct change *next;
    enum { change_write, change_truncate, change_delete } what;
    sqlite3_int64 offset;
    size_t length;
    unsigned char bytes[];
} change;

typedef struct content {
    bool exists;
    unsigned char *bytes;
    size_t length;
} content;

/* A file as a power failure would find it: what is durable, and what may or may not be. */
typedef struct image {
    struct image *next;
    char *path;
    content durable;
    change *first, **last;
} image;

struct fault_disk {
    struct fault_disk *next;
    char *directory;
    pthread_mutex_t mutex;
    /* The mount and each open file. */
    int references;
    image *images;
    uint32_t kinds;
    int64_t calls, strikes_at;
    enum fault_effect effect;
    bool is_full, is_dead;
};

/* All of these want the disk's mutex to be held. */
image *image_of(fault_disk *disk, const char *path);
void image_note(image *image, int what, sqlite3_int64 offset, const void *bytes, size_t length);
void image_synced(image *image);
/* What the device forgot although it was told to sync: it will never be durable. */
void image_forget(image *image);
/* What a sync of the directory does. */
void images_sync_deletions(fault_disk *disk);
void images_free(fault_disk *disk);
