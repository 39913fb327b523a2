/* file_watch.h: whether the file of an embedded queue and its log are where they were opened, and
 * how large the log is. SQLite itself does not look: it goes on in files that nobody finds again.
 */
#pragma once

#include <apr_pools.h>
#include <sys/types.h>

/* The log is reported from this size on, and again each time it has doubled. */
#define SS_FILE_WATCH_LOG_MAX (APR_INT64_C(256) << 20)

typedef struct { /* what stat says of one file */
    dev_t device;
    ino_t inode;
    int links; /* 0: not there */
    apr_int64_t size;
} ss_file_stat_t;

typedef struct {
    ss_file_stat_t own;   /* the open file itself, whatever its name is now */
    ss_file_stat_t named; /* what the queue's name leads to */
    ss_file_stat_t log, index;
} ss_file_places_t;

typedef enum {
    SS_FILE_WELL,
    SS_FILE_LOG_GONE, /* the log or its index was deleted or replaced */
    SS_FILE_DELETED,  /* no file has the name, and the open one has no name */
    SS_FILE_MOVED,    /* no file has the name, but the open one has another; or is out of reach */
    SS_FILE_REPLACED  /* another file has the name */
} ss_file_fate_t;

typedef struct {
    const char *path;        /* as configured */
    const char *log, *index; /* beside the file itself, where the path is a symlink */
    int fd;                  /* of the open file, the owner's */
    int events;              /* an inotify descriptor, made when first needed; -1: none */
    int without_log;         /* how often in a row it had no log when it was opened */
    ss_file_places_t opened;
    int is_on; /* 0: nothing is open */
} ss_file_watch_t;

/* Once the file is open and has its log. */
void ss_file_watch_begin(ss_file_watch_t *watch, const char *path, int fd, apr_pool_t *pool);
/* What is there now, from four calls of stat. */
ss_file_fate_t ss_file_watch_look(const ss_file_watch_t *watch, ss_file_places_t *now);
/* The folder of a path, in the buffer. */
const char *ss_file_watch_folder(const char *path, char *buffer, apr_size_t size);
/* Where an open file is now; NULL: it has no name. */
const char *ss_file_watch_place(int fd, char *buffer, apr_size_t size);
/* A process that has the file open besides this one; 0: none. */
pid_t ss_file_watch_user(int fd);

/* Pure. */
ss_file_fate_t ss_file_watch_judge(const ss_file_places_t *opened, const ss_file_places_t *now,
                                   int has_log);
int ss_file_watch_same(const ss_file_stat_t *a, const ss_file_stat_t *b);
/* What to say about a log of this size: 1 it is large (or has doubled), -1 it is small again, 0
 * nothing. *said: the size that was reported last; 0: none. */
int ss_file_watch_grown(apr_int64_t size, apr_int64_t *said);
