#pragma once

/* sqlite3_config is variadic, which Swift cannot call.

   SQLite keeps statistics of its memory behind one mutex, taken for every malloc and free: two
   event loops that look up at the same time waited for each other four times a look-up. Nobody
   reads those statistics. Only does something before SQLite is first used; call it once. */
void muster_sqlite_keep_no_memory_statistics(void);
