/* SQLite's own VFS for the system, with the disk's word between. */
#include "fault_disks.h"

#include <string.h>

typedef struct {
    sqlite3_file base;
    fault_disk *disk;
    image *image;
    /* The system's file; it lies behind this struct. */
    sqlite3_file *real;
    /* SQLite's first sync of a journal or log syncs the directory as well. */
    bool syncs_directory;
} fault_file;

static sqlite3_vfs *system_vfs;
static sqlite3_vfs fault_vfs;

static fault_file *as_fault(sqlite3_file *file) { return (fault_file *)file; }
static sqlite3_file *real_of(sqlite3_file *file) { return as_fault(file)->real; }

static bool strikes(sqlite3_file *file, uint32_t kind) {
    fault_disk *disk = as_fault(file)->disk;
    pthread_mutex_lock(&disk->mutex);
    bool result = disk_strikes(disk, kind);
    pthread_mutex_unlock(&disk->mutex);
    return result;
}

static int file_close(sqlite3_file *file) {
    int code = real_of(file)->pMethods->xClose(real_of(file));
    disk_release(as_fault(file)->disk);
    return code;
}

static int file_read(sqlite3_file *file, void *bytes, int length, sqlite3_int64 offset) {
    if (strikes(file, fault_read)) return SQLITE_IOERR_READ;
    return real_of(file)->pMethods->xRead(real_of(file), bytes, length, offset);
}

/* Writes and notes it, with the mutex held, so that the notes have the order of the writes. */
static int write_and_note(fault_file *file, const void *bytes, int length, sqlite3_int64 offset) {
    int code = file->real->pMethods->xWrite(file->real, bytes, length, offset);
    if (code == SQLITE_OK)
        image_note(file->image, change_write, offset, bytes, (size_t)length);
    return code;
}

static int write_held(fault_file *file, const void *bytes, int length, sqlite3_int64 offset) {
    fault_disk *disk = file->disk;
    if (disk_strikes(disk, fault_write)) {
        if (disk->is_dead || disk->effect == fault_once) return SQLITE_IOERR_WRITE;
        if (disk->effect == fault_short) write_and_note(file, bytes, length / 2, offset);
        return SQLITE_FULL;
    }
    sqlite3_int64 size = 0;
    if (disk->is_full && file->real->pMethods->xFileSize(file->real, &size) == SQLITE_OK
        && offset + length > size)
        return SQLITE_FULL;
    return write_and_note(file, bytes, length, offset);
}

static int file_write(sqlite3_file *file, const void *bytes, int length, sqlite3_int64 offset) {
    fault_file *fault = as_fault(file);
    pthread_mutex_lock(&fault->disk->mutex);
    int code = write_held(fault, bytes, length, offset);
    pthread_mutex_unlock(&fault->disk->mutex);
    return code;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size) {
    fault_file *fault = as_fault(file);
    pthread_mutex_lock(&fault->disk->mutex);
    int code = SQLITE_IOERR_TRUNCATE;
    if (!disk_strikes(fault->disk, fault_truncate)) {
        code = fault->real->pMethods->xTruncate(fault->real, size);
        if (code == SQLITE_OK) image_note(fault->image, change_truncate, size, NULL, 0);
    }
    pthread_mutex_unlock(&fault->disk->mutex);
    return code;
}

static int file_sync(sqlite3_file *file, int flags) {
    (void)flags;
    fault_file *fault = as_fault(file);
    fault_disk *disk = fault->disk;
    pthread_mutex_lock(&disk->mutex);
    int code = SQLITE_OK;
    if (disk_strikes(disk, fault_sync)) {
        code = SQLITE_IOERR_FSYNC;
        /* As Linux does: the pages are marked clean, and the next fsync says that all is well.
           When the power fails instead, some of them may still have been written. */
        if (!disk->is_dead) image_forget(fault->image);
    } else {
        image_synced(fault->image);
        if (fault->syncs_directory) images_sync_deletions(disk);
        fault->syncs_directory = false;
    }
    pthread_mutex_unlock(&disk->mutex);
    return code;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size) {
    return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int file_lock(sqlite3_file *file, int level) {
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int file_unlock(sqlite3_file *file, int level) {
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int file_check_lock(sqlite3_file *file, int *result) {
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), result);
}

static int file_control(sqlite3_file *file, int operation, void *argument) {
    return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}

static int file_sector_size(sqlite3_file *file) {
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int file_characteristics(sqlite3_file *file) {
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

/* The index of the log is shared memory: it is made anew after a power failure. */
static int file_shm_map(sqlite3_file *file, int region, int size, int extends,
                        void volatile **memory) {
    if (strikes(file, fault_shm)) return SQLITE_IOERR_SHMMAP;
    return real_of(file)->pMethods->xShmMap(real_of(file), region, size, extends, memory);
}

static int file_shm_lock(sqlite3_file *file, int offset, int count, int flags) {
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}

static void file_shm_barrier(sqlite3_file *file) {
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int file_shm_unmap(sqlite3_file *file, int deletes) {
    return real_of(file)->pMethods->xShmUnmap(real_of(file), deletes);
}

/* Version 2: with shared memory, without mapped files, which the store does not use. */
static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

static int open_on(fault_disk *disk, const char *name, sqlite3_file *file, int flags,
                   int *out_flags) {
    fault_file *fault = as_fault(file);
    fault->disk = disk;
    fault->real = (sqlite3_file *)(fault + 1);
    fault->syncs_directory = (flags & SQLITE_OPEN_CREATE)
        && (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL));
    pthread_mutex_lock(&disk->mutex);
    int code = SQLITE_CANTOPEN;
    if (!disk_strikes(disk, fault_open)) {
        fault->image = image_of(disk, name);
        code = system_vfs->xOpen(system_vfs, name, fault->real, flags, out_flags);
    }
    pthread_mutex_unlock(&disk->mutex);
    /* SQLite closes only what has methods. */
    file->pMethods = code == SQLITE_OK ? &methods : NULL;
    return code;
}

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                    int *out_flags) {
    (void)vfs;
    fault_disk *disk = name ? disk_retain(name) : NULL;
    if (!disk) return system_vfs->xOpen(system_vfs, name, file, flags, out_flags);
    int code = open_on(disk, name, file, flags, out_flags);
    if (code != SQLITE_OK) disk_release(disk);
    return code;
}

static int delete_on(fault_disk *disk, const char *name, int syncs_directory) {
    if (disk_strikes(disk, fault_delete)) return SQLITE_IOERR_DELETE;
    image *image = image_of(disk, name);
    int code = system_vfs->xDelete(system_vfs, name, 0);
    if (code != SQLITE_OK) return code;
    image_note(image, change_delete, 0, NULL, 0);
    if (syncs_directory) images_sync_deletions(disk);
    return code;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int syncs_directory) {
    (void)vfs;
    fault_disk *disk = disk_retain(name);
    if (!disk) return system_vfs->xDelete(system_vfs, name, syncs_directory);
    pthread_mutex_lock(&disk->mutex);
    int code = delete_on(disk, name, syncs_directory);
    pthread_mutex_unlock(&disk->mutex);
    disk_release(disk);
    return code;
}

void fault_vfs_register(void) {
    system_vfs = sqlite3_vfs_find(NULL);
    /* All other functions are the system's, which look at nothing of this struct but pAppData. */
    fault_vfs = *system_vfs;
    fault_vfs.pNext = NULL;
    fault_vfs.zName = "muster-fault";
    fault_vfs.szOsFile = system_vfs->szOsFile + (int)sizeof(fault_file);
    fault_vfs.xOpen = vfs_open;
    fault_vfs.xDelete = vfs_delete;
    sqlite3_vfs_register(&fault_vfs, 1);
}
