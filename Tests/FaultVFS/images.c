/* What would be left of each file: the durable bytes, and the changes since. */
#include "fault_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The unit in which a device writes: it is there whole, or not at all. */
enum { sector = 512 };

static void content_resize(content *content, size_t length) {
    if (length > content->length) {
        content->bytes = realloc(content->bytes, length);
        memset(content->bytes + content->length, 0, length - content->length);
    }
    content->length = length;
}

static void content_write(content *content, size_t offset, const unsigned char *bytes,
                          size_t length) {
    if (offset + length > content->length) content_resize(content, offset + length);
    memcpy(content->bytes + offset, bytes, length);
    content->exists = true;
}

static void content_load(content *content, const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) return;
    content->exists = true;
    unsigned char buffer[65536];
    size_t count;
    while ((count = fread(buffer, 1, sizeof buffer, file)) > 0)
        content_write(content, content->length, buffer, count);
    fclose(file);
}

/* Whether a sector survived; SplitMix64, so that a seed means the same everywhere. */
static bool is_kept(uint64_t *seed) {
    if (*seed < 2) return *seed;
    uint64_t mixed = (*seed += 0x9e3779b97f4a7c15u);
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return (mixed ^ (mixed >> 31)) & 1;
}

static void apply_write(content *content, const change *change, uint64_t *seed) {
    size_t done = 0;
    while (done < change->length) {
        size_t offset = (size_t)change->offset + done;
        size_t piece = sector - offset % sector;
        if (piece > change->length - done) piece = change->length - done;
        if (is_kept(seed)) content_write(content, offset, change->bytes + done, piece);
        done += piece;
    }
}

static void apply(content *content, const change *changes, uint64_t *seed) {
    for (const change *change = changes; change; change = change->next) {
        switch (change->what) {
        case change_write:
            apply_write(content, change, seed);
            break;
        case change_truncate:
            if (is_kept(seed)) content_resize(content, (size_t)change->offset);
            break;
        case change_delete:
            /* A deletion that was lost leaves the old file under the name, and whatever was
               written under it afterwards belonged to another file. */
            if (!is_kept(seed)) return;
            content->exists = false;
            content->length = 0;
            break;
        }
    }
}

image *image_of(fault_disk *disk, const char *path) {
    for (image *image = disk->images; image; image = image->next)
        if (strcmp(image->path, path) == 0) return image;
    image *made = calloc(1, sizeof *made);
    made->path = strdup(path);
    made->last = &made->first;
    made->next = disk->images;
    disk->images = made;
    content_load(&made->durable, path);
    return made;
}

void image_note(image *image, int what, sqlite3_int64 offset, const void *bytes, size_t length) {
    change *made = malloc(sizeof *made + length);
    made->next = NULL;
    made->what = what;
    made->offset = offset;
    made->length = length;
    if (length > 0) memcpy(made->bytes, bytes, length);
    *image->last = made;
    image->last = &made->next;
}

void image_forget(image *image) {
    while (image->first) {
        change *next = image->first->next;
        free(image->first);
        image->first = next;
    }
    image->last = &image->first;
}

void image_synced(image *image) {
    uint64_t all = 1;
    apply(&image->durable, image->first, &all);
    /* Syncing makes the name durable, too: SQLite syncs the directory of a new log. */
    image->durable.exists = true;
    image_forget(image);
}

/* Drops the changes up to the last deletion, and what was durable before it. */
static void sync_deletions(image *image) {
    int count = 0, last = 0;
    for (change *change = image->first; change; change = change->next) {
        count += 1;
        if (change->what == change_delete) last = count;
    }
    for (; last > 0; last -= 1) {
        change *next = image->first->next;
        image->durable.exists = false;
        image->durable.length = 0;
        free(image->first);
        image->first = next;
    }
    if (!image->first) image->last = &image->first;
}

void images_sync_deletions(fault_disk *disk) {
    for (image *image = disk->images; image; image = image->next) sync_deletions(image);
}

void images_free(fault_disk *disk) {
    while (disk->images) {
        image *image = disk->images;
        disk->images = image->next;
        image_forget(image);
        free(image->durable.bytes);
        free(image->path);
        free(image);
    }
}

static bool salvage(const image *image, const char *directory, uint64_t seed) {
    content left = {.exists = image->durable.exists};
    content_resize(&left, image->durable.length);
    if (left.length > 0) memcpy(left.bytes, image->durable.bytes, left.length);
    apply(&left, image->first, &seed);
    bool is_written = true;
    char path[4096];
    snprintf(path, sizeof path, "%s%s", directory, strrchr(image->path, '/'));
    remove(path);
    if (left.exists) {
        FILE *file = fopen(path, "wb");
        is_written = file && fwrite(left.bytes, 1, left.length, file) == left.length;
        if (file && fclose(file) != 0) is_written = false;
    }
    free(left.bytes);
    return is_written;
}

bool fault_disk_salvage(fault_disk *disk, const char *directory, uint64_t seed) {
    pthread_mutex_lock(&disk->mutex);
    bool is_written = true;
    for (const image *image = disk->images; image; image = image->next)
        is_written = salvage(image, directory, seed) && is_written;
    pthread_mutex_unlock(&disk->mutex);
    return is_written;
}
