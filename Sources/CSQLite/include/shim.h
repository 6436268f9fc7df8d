#pragma once

#include <stddef.h>
#include <stdint.h>

/* sqlite3_config is variadic, which Swift cannot call.

   SQLite keeps statistics of its memory behind one mutex, taken for every malloc and free: two
   event loops that look up at the same time waited for each other four times a look-up. Nobody
   reads those statistics. Only does something before SQLite is first used; call it once. */
void muster_sqlite_keep_no_memory_statistics(void);

/* Where SQLite counts the transactions that were committed, of every process: the field iChange of
   the WAL-index header (https://sqlite.org/walformat.html, section 2.1), in memory which all
   connections to the file share. NULL if there is none, as without a log. Ask with a connection
   that has read from the file; the address is good until that connection is closed. */
const uint32_t *muster_sqlite_commit_count(void *database);

/* The count as of now. Another process may be counting, which Swift's own loads know nothing of. */
static inline uint32_t muster_sqlite_read_commit_count(const uint32_t *count) {
    return __atomic_load_n(count, __ATOMIC_ACQUIRE);
}
