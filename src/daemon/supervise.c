/* supervise.c: what httpd's parent does for the delivery daemon. What survives restarts is one
 * plain record below process->pool: no pointer into pconf or into this module's code, since both
 * are gone while the next generation's are not there yet. */
#include "daemon/supervise.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <http_log.h>
#include <mpm_common.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include <unixd.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "config/account.h"
#include "config/config.h"
#include "daemon/core.h"
#include "daemon/error_log.h"
#include "daemon/final_states.h"
#include "daemon/final_states_hook.h"
#include "daemon/default_folder.h"
#include "daemon/launch.h"
#include "daemon/sockets.h"

APLOG_USE_MODULE(smtp_send);

#define RECORD_KEY "smtp_send_supervise"
#define BACKOFF_FIRST 100000 /* microseconds; doubles to ... */
#define BACKOFF_MOST (10 * APR_USEC_PER_SEC)
/* past it httpd logs a "long lost child", which harms nothing */
#define RETIRED_MAX 32
/* a start that the system refused is tried again */
#define RETRY_FIRST (1 * APR_USEC_PER_SEC)
#define RETRY_MOST (30 * APR_USEC_PER_SEC)
/* a daemon that lived so long did not crash at its start */
#define CALM (60 * APR_USEC_PER_SEC)
/* for the next daemon after one that crashed; with a longer back-off they get 503 at once */
#define CLIENTS_WAIT (2 * APR_USEC_PER_SEC)

/* It outlives this code: after an upgrade, a graceful restart hands it to a module that may be
 * another one. The first fields never change; where the layout is another, they are what is needed
 * to let go of what the old module held. */
#define LAYOUT 3

typedef struct {
    unsigned layout;
    int lifeline;  /* write end to the running daemon; -1 none */
    int listen_fd; /* -1: none */
    int smtp_fd;   /* SMTPSendListen; -1: none */
    pid_t pid;     /* of the running daemon; 0 none */
    /* From here on the layout may change, with its number. */
    apr_uint64_t instance;
    ss_sockets_place_t local, smtp;
    ss_trouble_t *trouble;      /* stays until the process ends */
    int trouble_fd;             /* its memory, for the daemon */
    pid_t retired[RETIRED_MAX]; /* will leave by themselves, not seen to end yet; 0 free */
    unsigned generation, restarts, crashes;
    ss_mono_t started;
    ss_backoff_t start; /* set: the system refused one, and it is tried again */
} record_t;

/* Of this generation; points to process->pool's record and to pconf's data. */
static struct {
    record_t *record;
    const ss_config_t *config;
    const ss_log_t *log;
    server_rec *server;
    apr_pool_t *pconf;
} now_running;

/* What a module of another layout left: its daemon sees the lifeline close and leaves, and its
 * sockets are opened anew. */
static void let_go(const record_t *other)
{
    if (other->lifeline >= 0) close(other->lifeline);
    if (other->listen_fd >= 0) close(other->listen_fd);
    if (other->smtp_fd >= 0) close(other->smtp_fd);
}

static record_t *get_record(apr_pool_t *process_pool)
{
    void *data = NULL;
    record_t *record;

    apr_pool_userdata_get(&data, RECORD_KEY, process_pool);
    if (data && ((record_t *)data)->layout == LAYOUT) return data;
    if (data) let_go(data);
    record = apr_pcalloc(process_pool, sizeof(*record));
    record->layout = LAYOUT;
    record->listen_fd = -1;
    record->smtp_fd = -1;
    record->lifeline = -1;
    if (getrandom(&record->instance, sizeof(record->instance), 0) !=
        (ssize_t)sizeof(record->instance))
        record->instance = (apr_uint64_t)ss_wall_now();
    if (!record->instance) record->instance = 1;
    record->trouble = ss_trouble_create(&record->trouble_fd, process_pool);
    /* Not setn: the key is kept by its address, and this module may lie at another one after a
     * restart. */
    apr_pool_userdata_set(record, RECORD_KEY, apr_pool_cleanup_null, process_pool);
    return record;
}

apr_uint64_t ss_supervise_instance(apr_pool_t *process_pool)
{
    return get_record(process_pool)->instance;
}

const ss_trouble_t *ss_supervise_trouble(apr_pool_t *process_pool)
{
    return get_record(process_pool)->trouble;
}

/* Whom the daemon runs as: SMTPSendUser, or httpd's User. */
static ss_account_t daemon_account(const ss_settings_globals_t *globals)
{
    const apr_array_header_t *own = globals->daemon_user;
    ss_account_t account = { .uid = ap_unixd_config.user_id, .gid = ap_unixd_config.group_id };

    /* configtest has looked for it. */
    if (own)
        ss_account_find(&account, APR_ARRAY_IDX(own, 0, const char *),
                        own->nelts > 1 ? APR_ARRAY_IDX(own, 1, const char *) : NULL,
                        now_running.pconf);
    return account;
}

/* ---- the daemon's life ---- */

static void start_daemon(record_t *record, apr_interval_time_t wait);

static void say_end(const record_t *record, int reason, int status)
{
    const char *what = reason == APR_OC_REASON_LOST ? "was lost" : "ended";

    ss_log(now_running.log, SS_LOG_ERROR, 283,
           "delivery daemon %d %s unexpectedly (status %d): it is started again, mail waits in the "
           "queue",
           (int)record->pid, what, status);
}

/* Clients need not wait for the next start. */
static void say_crashes(const record_t *record, int status)
{
    char text[SS_TROUBLE_TEXT];

    snprintf(text, sizeof(text),
             "the delivery daemon ends soon after each start: %u times in a row, at last with "
             "status %d",
             record->crashes, status);
    ss_trouble_set(record->trouble->start, text);
}

static void maintain(int reason, void *data, apr_wait_t status)
{
    apr_proc_t *proc = data;
    record_t *record = now_running.record;

    if (reason == APR_OC_REASON_UNREGISTER || reason == APR_OC_REASON_RESTART ||
        reason == APR_OC_REASON_RUNNING)
        return;
    apr_proc_other_child_unregister(data);
    if (!record) return;
    if (proc->pid != record->pid) {
        /* One of an earlier generation has left. */
        for (int i = 0; i < RETIRED_MAX; i++)
            if (record->retired[i] == proc->pid) record->retired[i] = 0;
        return;
    }
    int state = 0;
    if (ap_mpm_query(AP_MPMQ_MPM_STATE, &state) == APR_SUCCESS && state == AP_MPMQ_STOPPING) {
        record->pid = 0;
        return;
    }
    /* It has said why it cannot start. */
    int is_refused = status == SS_CORE_EXIT_AGAIN || (status & 0xff00) >> 8 == SS_CORE_EXIT_AGAIN;
    if (!is_refused) {
        say_end(record, reason, (int)status);
        record->restarts++;
    }
    if (ss_mono_since(ss_mono_now(), record->started) > CALM) record->crashes = 0;
    apr_interval_time_t wait = ss_backoff_wait(record->crashes++, BACKOFF_FIRST, BACKOFF_MOST);
    if (!is_refused && wait > CLIENTS_WAIT) say_crashes(record, status);
    start_daemon(record, wait);
}

static void watch(pid_t pid)
{
    apr_proc_t *proc = apr_pcalloc(now_running.pconf, sizeof(*proc));

    proc->pid = pid;
    apr_proc_other_child_register(proc, maintain, proc, NULL, now_running.pconf);
}

/* A process that will leave: its end is still ours to notice. */
static void remember(record_t *record, pid_t pid)
{
    for (int i = 0; i < RETIRED_MAX; i++) {
        if (record->retired[i]) continue;
        record->retired[i] = pid;
        break;
    }
}

static ss_record_finished_fn *finished_of;

void ss_supervise_tell(ss_record_finished_fn *finished)
{
    finished_of = finished;
}

/* The system has no descriptor or no process left, which passes: the start is tried again. */
static void start_refused(record_t *record, int error)
{
    char text[SS_TROUBLE_TEXT];

    ss_backoff_failed(&record->start, RETRY_FIRST, RETRY_MOST, ss_mono_now());
    snprintf(text, sizeof(text), "the delivery daemon could not be started: %s", strerror(error));
    if (ss_trouble_set(record->trouble->start, text))
        ss_log(now_running.log, SS_LOG_ERROR, 285,
               "%s; it is tried again, mail is not accepted meanwhile", text);
}

/* In the forked child. It has its own copy of everything here. */
static void become_daemon(const record_t *record, ss_launch_t *launch)
{
    char text[SS_TROUBLE_TEXT];

    launch->config = now_running.config;
    launch->log = now_running.log;
    launch->server = now_running.server;
    launch->listen = record->listen_fd;
    launch->smtp = record->smtp_fd;
    launch->trouble = record->trouble_fd;
    launch->instance = record->instance;
    launch->generation = record->generation;
    launch->restarts = record->restarts;
    snprintf(text, sizeof(text), "the delivery daemon cannot be started: %s",
             ss_launch_exec(launch, "--for-httpd", now_running.pconf));
    /* Of httpd's descriptors, standard error alone may be left. */
    ss_log_t log = ss_error_log_open(now_running.server->error_fname, NULL);
    if (ss_trouble_set(record->trouble->start, text))
        ss_log(&log, SS_LOG_ERROR, 284, "%s; it is tried again, mail is not accepted meanwhile",
               text);
    _exit(SS_CORE_EXIT_AGAIN);
}

/* Of other modules' functions for final states: a process while there are such functions. Gives the
 * daemon's end, or -1. */
static int start_hook(record_t *record)
{
    int ends[2];

    if (!finished_of || ss_final_states_pair(ends)) return -1;
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        ss_final_states_hook_run(ends[1], finished_of, now_running.server, now_running.pconf);
    }
    close(ends[1]);
    if (pid > 0) {
        remember(record, pid);
        watch(pid);
        return ends[0];
    }
    close(ends[0]);
    return -1;
}

static void start_daemon(record_t *record, apr_interval_time_t wait)
{
    int lifeline[2], hook;
    pid_t pid;

    if (record->lifeline >= 0) close(record->lifeline);
    record->lifeline = -1;
    record->pid = 0;
    record->trouble->turned = 0;
    record->trouble->started = ss_mono_now().us;
    if (pipe2(lifeline, O_CLOEXEC) != 0) {
        start_refused(record, errno);
        return;
    }
    hook = start_hook(record);
    pid = fork();
    int error = errno;
    if (pid == 0) {
        ss_launch_t launch = { .lifeline = lifeline[0], .final_states = hook, .wait = wait };
        become_daemon(record, &launch);
    }
    close(lifeline[0]);
    ss_sockets_close(&hook);
    if (pid < 0) {
        close(lifeline[1]);
        start_refused(record, error);
        return;
    }
    ss_backoff_worked(&record->start);
    record->pid = pid;
    record->lifeline = lifeline[1];
    record->started = ss_mono_now();
    watch(pid);
}

/* Asks the daemon of the generation before to leave. */
static void retire(record_t *record)
{
    if (record->pid <= 0) return;
    if (record->lifeline >= 0) {
        ssize_t sent = write(record->lifeline, "s", 1);
        (void)sent;
        close(record->lifeline);
        record->lifeline = -1;
    }
    remember(record, record->pid);
    record->pid = 0;
}

/* A restart forgets whose children the processes are; httpd asks for them only once a second, so
 * several generations may be on their way out. */
static void watch_retired(const record_t *record)
{
    for (int i = 0; i < RETIRED_MAX; i++)
        if (record->retired[i]) watch(record->retired[i]);
}

/* The socket's file belongs to httpd's User, as whom its children submit, and to the daemon's
 * group, whose members may. */
static ss_sockets_options_t sockets_options(void)
{
    const ss_settings_globals_t *globals = &now_running.config->globals;
    ss_account_t account = daemon_account(globals);

    return (ss_sockets_options_t){ .globals = globals,
                                   .log = now_running.log,
                                   .uid = ap_unixd_config.user_id,
                                   .gid = account.gid,
                                   .trusted = globals->daemon_user ? account.uid : 0 };
}

/* Returns 1 where the daemon needs to know a new one. */
static int open_sockets(record_t *record)
{
    const ss_sockets_options_t options = sockets_options();
    ss_mono_t now = ss_mono_now();
    int is_new =
        ss_sockets_open_local(&record->listen_fd, &record->local, &options, record->trouble, now);

    return ss_sockets_open_smtp(&record->smtp_fd, &record->smtp, &options, now) || is_new;
}

void ss_supervise_start(const ss_config_t *config, const ss_log_t *log, server_rec *main_server,
                        apr_pool_t *pconf, apr_pool_t *process_pool)
{
    record_t *record = get_record(process_pool);

    now_running.record = record;
    now_running.config = config;
    now_running.log = log;
    now_running.server = main_server;
    now_running.pconf = pconf;
    record->generation++;
    retire(record);
    watch_retired(record);
    /* A new configuration is a new try, and its failures are logged anew. */
    record->local.backoff = record->smtp.backoff = record->start = (ss_backoff_t){ 0 };
    record->crashes = 0;
    *record->trouble->start = '\0';
    const ss_sockets_options_t options = sockets_options();
    ss_sockets_check_folder(&options);
    open_sockets(record);
    ss_account_t account = daemon_account(&config->globals);
    ss_default_folder_make(&config->globals, account.uid, account.gid);
    start_daemon(record, 0);
}

void ss_supervise_monitor(void)
{
    record_t *record = now_running.record;

    if (!record) return;
    int is_new = open_sockets(record);
    if (is_new) retire(record);
    if (is_new || (record->start.failures && ss_backoff_allows(&record->start, ss_mono_now())))
        start_daemon(record, 0);
}

void ss_supervise_child_init(void)
{
    record_t *record = now_running.record;

    if (!record) return;
    if (record->lifeline >= 0) close(record->lifeline);
    if (record->listen_fd >= 0) close(record->listen_fd);
    ss_sockets_close(&record->smtp_fd);
    record->lifeline = -1;
    record->listen_fd = -1;
    now_running.record = NULL;
}
