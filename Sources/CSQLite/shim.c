#include "shim.h"

#include <sqlite3.h>

void muster_sqlite_keep_no_memory_statistics(void) {
    /* Refused if SQLite is in use already: then it is only slower. */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* SQLite maps the index in pieces of this size, and takes no other. */
enum { index_piece_bytes = 32 * 1024, commit_count_place = 8 };

const uint32_t *muster_sqlite_commit_count(void *database) {
    sqlite3_file *file = NULL;
    if (sqlite3_file_control(database, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
        file == NULL || file->pMethods == NULL || file->pMethods->iVersion < 2 ||
        file->pMethods->xShmMap == NULL) {
        return NULL;
    }
    /* The first piece is there already: SQLite has read the header in it. */
    volatile void *piece = NULL;
    if (file->pMethods->xShmMap(file, 0, index_piece_bytes, 0, &piece) != SQLITE_OK ||
        piece == NULL) {
        return NULL;
    }
    return (const uint32_t *)((uintptr_t)piece + commit_count_place);
}
