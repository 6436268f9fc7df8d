#include "shim.h"

#include <sqlite3.h>

void muster_sqlite_keep_no_memory_statistics(void) {
    /* Refused if SQLite is in use already: then it is only slower. */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}
