/* disk.h: the disk as a test wants it: the calls by which SQLite writes and syncs, replaced for the
 * whole test program. */
#ifndef T_UNIT_DISK_H
#define T_UNIT_DISK_H

typedef enum {
    DISK_WELL,
    DISK_FULL /* ENOSPC on writing */,
    DISK_SYNC_FAILS /* EIO from fdatasync */,
    DISK_STUCK /* a sync does not return */
} disk_t;

/* From now on; a sync that is stuck goes on when this is no longer DISK_STUCK. */
void disk_set(disk_t how);
/* Waits until a sync is stuck; 0: none was within twenty seconds. */
int disk_wait_stuck(void);

#endif
