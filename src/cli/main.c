/* main.c: the commands of smtp-send: which one it is, by the name it was called as or by its first argument. Started by front.c. */
#include "cli/cli.h"

#include <apr_general.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "cli/sendmail.h"

#ifndef SS_DEFAULT_SOCKET
#define SS_DEFAULT_SOCKET "/var/run/apache2/smtp_send.sock"
#endif
#ifndef SMTP_SEND_VERSION
#define SMTP_SEND_VERSION "unknown"
#endif

static const char filter_help[] =
    "Messages are named by ID, or by a filter: --state, --relay, --from PATTERN, --to PATTERN (* stands for anything). With a filter it is first\n"
    "counted how many messages fit, and done with --confirm THAT-NUMBER (on a terminal you are asked), so that a pattern too wide harms nothing.\n"
    "Exit codes: 0 done, 1 not possible or nothing fits, 64 usage, 75 the daemon cannot be reached, 77 not permitted.";

static const char test_help[] =
    "Without --host the running daemon tests its own relay with its own settings, as the page smtp-send-test does; only root and httpd's user may.\n"
    "With --host the test runs in this process with the settings given here, before anything is configured. No mail is sent.\n"
    "Exit codes: 0 passed; the failed step: 10 config, 11 resolve, 12 connect, 13 tls, 14 greeting, 15 hello, 16 starttls, 17 auth, 18 mail,\n"
    "19 rcpt, 20 quit; 64 usage, 75 the daemon cannot be reached, 77 not permitted.";

const ss_cli_command_t ss_cli_commands[] = {
    { "sendmail", "[-t] [-i] [-f SENDER] [RECIPIENT...]", "submit a message from standard input", NULL, ss_cli_sendmail },
    { "queue", "", "list messages, newest first", "Without --state and --all only messages that still wait are listed.", ss_cli_queue },
    { "mailq", "", "the same for messages that wait", NULL, ss_cli_mailq },
    { "show", "ID...", "one message: recipients, attempts, the relay's words", NULL, ss_cli_show },
    { "status", "", "relays, pauses, counts; the exit code is for monitoring",
      "Exit codes: 0 mail flows; 1 paused; 2 stuck: a relay is down or blocked, the oldest message is older than SMTPSendAlertAge, the queue cannot be\n"
      "used, or the daemon cannot be reached. Without --relay the worst relay decides.", ss_cli_status },
    { "pause", "", "stop sending; mail is still accepted and waits", "A pause outlasts restarts. Without --for it lasts until \"resume\".", ss_cli_regulate },
    { "resume", "", "go on sending", "Says so when something else still holds, such as SMTPSendPause On.", ss_cli_regulate },
    { "flush", "", "try everything that waits at once", NULL, ss_cli_regulate },
    { "retry", "[ID...]", "try messages at once", filter_help, ss_cli_act },
    { "hold", "[ID...]", "keep messages back until released", filter_help, ss_cli_act },
    { "release", "[ID...]", "let held messages go", filter_help, ss_cli_act },
    { "cancel", "[ID...]", "give messages up silently", filter_help, ss_cli_act },
    { "bounce", "[ID...]", "give messages up and report to the sender", filter_help, ss_cli_act },
    { "export", "", "write what waits to standard output, a line of JSON each",
      "With content, so that it is a backup, and import takes it into another queue. Root and httpd's user only. Pause first, or what goes out meanwhile\n"
      "is in both.", ss_cli_export },
    { "import", "", "take what export wrote from standard input",
      "Messages keep their ids, ages and holds. What is there already is passed over: an import that broke off is simply done again.", ss_cli_import },
    { "test", "", "the connection test, from a shell", test_help, ss_cli_test },
    { "explain", "[CODE | TEXT...]", "what a reply code or an error text means, and what to do",
      "Takes a code (550), an enhanced code (5.7.1), a number of the error log (SMTPSend-402), or words of an error. Without any, lists all entries.\n"
      "Exit codes: 0 found, 1 nothing fits.", ss_cli_explain },
};
const int ss_cli_command_count = sizeof(ss_cli_commands) / sizeof(ss_cli_commands[0]);

static int list_sendmail_options(ss_cli_t *cli)
{
    (void)cli;
    fputs("Usage: sendmail [OPTIONS] [RECIPIENT...]    (also: smtp-send sendmail ...)\n\n"
          "  -t             take recipients from To, Cc and Bcc, too; Bcc is taken out\n"
          "  -i, -oi        a line with a lone dot does not end the message\n"
          "  -f, -r SENDER  envelope sender (the user who runs it)\n"
          "  -F NAME        full name for a From field made here\n"
          "  -N WORDS       reports wanted: never, or success,failure,delay\n"
          "  -R full|hdrs   how much of the message a report carries\n"
          "  -V ID          envelope id that a report carries\n"
          "  -bm, -bp       submit (the default); list the queue, as mailq\n"
          "  -q             try everything that waits at once\n\n"
          "Options of other servers (-o..., -B, -C, -h, -L, -O, -p, -X, -e, -G, -n, -U, -v) are understood and change nothing.\n"
          "Exit codes as in sysexits.h: 0 accepted and on stable storage, 64 usage, 65 the message or an address is wrong, 75 try again later (also: the daemon\n"
          "cannot be reached for 10 s; the caller keeps the mail), 77 not permitted.\n", stdout);
    return EX_OK;
}

int ss_cli_sendmail(ss_cli_t *cli, int argc, const char *const *argv)
{
    ss_sendmail_t s = { .program = "sendmail", .socket = cli->socket };
    const char *other[] = { NULL, NULL };

    switch (ss_sendmail_read(&s, argc, argv, cli->pool)) {
    case SS_SENDMAIL_HELP: return list_sendmail_options(cli);
    case SS_SENDMAIL_LIST: other[0] = "mailq"; return ss_cli_mailq(cli, 1, other);
    case SS_SENDMAIL_FLUSH: other[0] = "flush"; return ss_cli_regulate(cli, 1, other);
    case SS_SENDMAIL_SUBMIT: return ss_sendmail_submit(&s, cli->pool);
    default: return EX_USAGE;
    }
}

static void print_commands(FILE *to)
{
    fputs("Usage: smtp-send [--socket PATH] COMMAND [OPTIONS]\n\n", to);
    for (int i = 0; i < ss_cli_command_count; i++) fprintf(to, "  %-10s%s\n", ss_cli_commands[i].name, ss_cli_commands[i].summary);
    fprintf(to, "\n\"smtp-send COMMAND --help\" tells more. The daemon is reached at --socket, else $SMTP_SEND_SOCKET, else\n%s.\n"
                "Called as \"sendmail\" or \"mailq\" it is that command.\n", SS_DEFAULT_SOCKET);
}

static const ss_cli_command_t *find(const char *name)
{
    for (int i = 0; i < ss_cli_command_count; i++) {
        if (!strcmp(ss_cli_commands[i].name, name)) return &ss_cli_commands[i];
    }
    return NULL;
}

/* Options in front of the command. Returns where the command stands, or -1 with the exit code. */
static int before_command(ss_cli_t *cli, int argc, const char *const *argv, int *code)
{
    int i = 1;

    *code = EX_OK;
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
            print_commands(stdout);
            return -1;
        } else if (!strcmp(argv[i], "--version")) {
            printf("smtp-send %s\n", SMTP_SEND_VERSION);
            return -1;
        } else if (!strcmp(argv[i], "--json")) {
            cli->is_json = 1;
        } else if (!strcmp(argv[i], "--socket") && i + 1 < argc) {
            cli->socket = argv[++i];
        } else if (!strncmp(argv[i], "--socket=", 9)) {
            cli->socket = argv[i] + 9;
        } else {
            break;
        }
    }
    if (i < argc && argv[i][0] != '-') return i;
    if (i < argc) ss_cli_complain(cli, "\"%s\" is no option here", argv[i]);
    print_commands(stderr);
    *code = EX_USAGE;
    return -1;
}

static int run(ss_cli_t *cli, int argc, const char *const *argv)
{
    const char *name = strrchr(argv[0], '/');
    int code, at;

    name = name ? name + 1 : argv[0];
    if (!strcmp(name, "sendmail") || !strcmp(name, "mailq")) {
        cli->program = name;
        return find(name)->run(cli, argc, argv);
    }
    at = before_command(cli, argc, argv, &code);
    if (at < 0) return code;
    const ss_cli_command_t *command = !strcmp(argv[at], "help") ? NULL : find(argv[at]);
    if (command) return command->run(cli, argc - at, argv + at);
    if (!strcmp(argv[at], "help")) {
        command = at + 1 < argc ? find(argv[at + 1]) : NULL;
        const char *ask[] = { argv[at + 1 < argc ? at + 1 : at], "--help", NULL };
        if (command) return command->run(cli, 2, ask);
        print_commands(stdout);
        return EX_OK;
    }
    ss_cli_complain(cli, "\"%s\" is no command (\"smtp-send --help\" lists them)", argv[at]);
    return EX_USAGE;
}

int main(int argc, const char *const *argv)
{
    ss_cli_t cli = { .program = "smtp-send", .socket = SS_DEFAULT_SOCKET };
    const char *socket = getenv("SMTP_SEND_SOCKET");

    if (argc < 1 || apr_initialize() != APR_SUCCESS) return EX_OSERR;
    if (apr_pool_create(&cli.pool, NULL) != APR_SUCCESS) return EX_OSERR;
    /* Only how characters are shown: numbers and comparing must not depend on the locale. */
    setlocale(LC_CTYPE, "");
    if (socket && *socket) cli.socket = socket;
    int code = run(&cli, argc, argv);
    if (fflush(stdout) && code == EX_OK) {
        ss_cli_complain(&cli, "the output could not be written");
        code = EX_IOERR;
    }
    apr_terminate();
    return code;
}
