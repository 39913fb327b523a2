/* commands.c: the table of commands with their help texts; help, man page and completion are made
 * from it. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "cli/arguments.h"
#include "cli/sendmail.h"
#include "cli/sendmail_smtp.h"

static const char filter_help[] =
    "Select messages by ID, or by a filter: --state, --relay, --from PATTERN, --to PATTERN (* "
    "matches anything). A filter only counts the\n"
    "messages that match; --confirm THAT-NUMBER acts on them (on a terminal you are asked), so "
    "that too wide a pattern does no harm.\n"
    "Exit codes: 0 done, 1 not possible or no match, 64 usage, 75 the daemon cannot be reached, 77 "
    "not permitted.";

static const char test_help[] =
    "Without --host, the running daemon tests its relay with its own settings, as the page "
    "smtp-send-test does; only root and httpd's user may do that.\n"
    "With --host, this process tests that server with the options given here; nothing needs to be "
    "configured. With --config, it tests a relay\n"
    "of the file that smtp-sendd --config reads; the daemon need not run. No mail is sent.\n"
    "Exit codes: 0 passed; the failed step: 10 config, 11 resolve, 12 connect, 13 tls, 14 "
    "greeting, 15 hello, 16 starttls, 17 auth, 18 mail,\n"
    "19 rcpt, 20 quit; 64 usage, 75 the daemon cannot be reached, 77 not permitted.";

static const char token_help[] =
    "Prints an access token, from the cache while it is valid. To use it, configure:\n"
    "  SMTPSendAuth XOAUTH2\n"
    "  SMTPSendPassword exec:/usr/bin/smtp-send token --microsoft --tenant T --client-id C "
    "--secret-file F\n\n"
    "--microsoft: client credentials, with --secret-file, or with --key-file and --cert-file (a "
    "signed assertion).\n"
    "--google: a service account's --key-file (Google's JSON) and --user, the mailbox it acts "
    "for.\n"
    "The command runs as the daemon's user (SMTPSendUser, else httpd's User), who must be able to "
    "read the files. Only that user can read the cache.\n"
    "Exit codes: 0 printed, 64 usage, 66 a file cannot be read, 69 the service refused, 75 the "
    "service cannot be reached.";

static int list_sendmail_options(ss_cli_t *cli)
{
    (void)cli;
    fputs("Usage: sendmail [OPTIONS] [RECIPIENT...]    (also: smtp-send sendmail ...)\n\n"
          "  -t             also take recipients from To, Cc and Bcc; Bcc is removed\n"
          "  -i, -oi        a line with only a dot does not end the message\n"
          "  -f, -r SENDER  envelope sender (default: the calling user)\n"
          "  -F NAME        full name for a From field that is added\n"
          "  -N WORDS       notifications: never, or success,failure,delay\n"
          "  -R full|hdrs   how much of the message a bounce contains\n"
          "  -V ID          envelope id for notifications\n"
          "  -bm            submit a message from standard input (the default)\n"
          "  -bs            SMTP on standard input and output\n"
          "  -bp            list the queue, like mailq\n"
          "  -bi, -I        nothing, successfully, like newaliases: SMTPSendAlias sets aliases\n"
          "  -q, -qI ID     try to send all waiting messages, or this one, now\n\n"
          "Options of other servers (-o..., -A, -B, -C, -D, -d, -e, -G, -h, -L, -M, -m, -n, -O, "
          "-p, -U, "
          "-v, -X, -x) are accepted and ignored, with their values.\n"
          "Exit codes as in sysexits.h: 0 accepted and on stable storage, 64 usage, 65 the message "
          "or an address is invalid, 75 try again later (also: the daemon\n"
          "could not be reached for 10 s; the caller keeps the mail), 77 not permitted.\n",
          stdout);
    return EX_OK;
}

static int sendmail_command(ss_cli_t *cli, int argc, const char *const *argv)
{
    ss_sendmail_t s = { .socket = cli->socket };
    const char *other[] = { "", NULL, NULL };

    ss_cli_program = "sendmail";
    switch (ss_sendmail_read(&s, argc, argv, cli->pool)) {
    case SS_SENDMAIL_HELP: return list_sendmail_options(cli);
    case SS_SENDMAIL_LIST: other[0] = "mailq"; return ss_cli_queue_mailq(cli, 1, other);
    case SS_SENDMAIL_FLUSH:
        other[0] = s.id ? "retry" : "flush";
        other[1] = s.id;
        return s.id ? ss_cli_action(cli, 2, other) : ss_cli_pause(cli, 1, other);
    case SS_SENDMAIL_SUBMIT: return ss_sendmail_submit(&s, cli->pool);
    case SS_SENDMAIL_NOTHING: return EX_OK;
    case SS_SENDMAIL_SMTP: return ss_sendmail_smtp(s.socket, cli->pool);
    default: return EX_USAGE;
    }
}

static int newaliases_command(ss_cli_t *cli, int argc, const char *const *argv)
{
    int code;

    /* Options of other mail servers' newaliases (-v, -C file) are ignored. */
    if (argc == 2 && !strcmp(argv[1], "--help"))
        ss_arguments_read(cli, NULL, argc, argv, NULL, &code);
    return EX_OK;
}

const ss_cli_command_t ss_cli_commands[] = {
    { "sendmail", "[-t] [-i] [-f SENDER] [RECIPIENT...]", "submit a message from standard input",
      NULL, sendmail_command },
    { "queue", "", "list messages, newest first",
      "Without --state or --all, only unfinished messages are listed. --watch shows how fast they "
      "are sent, and the time left.\n"
      "--recover FILE saves what can be read of a damaged queue file to FILE.recovered (--into), "
      "while httpd is stopped, and prints the next\n"
      "steps. Nothing is overwritten. Exit codes: 0 everything was read, 65 some could not be "
      "read, 66 no such file, 73 the new file exists already.",
      ss_cli_queue },
    { "mailq", "", "list all unfinished messages", NULL, ss_cli_queue_mailq },
    { "newaliases", "", "do nothing, successfully, for programs that call it",
      "There is no file of aliases to rebuild: SMTPSendAlias sets aliases in httpd's "
      "configuration.",
      newaliases_command },
    { "show", "ID...", "show one message: recipients, attempts, the relay's replies", NULL,
      ss_cli_queue_show },
    { "status", "", "show relays, pauses and counts; the exit code is for monitoring",
      "Exit codes: 0 mail flows; 1 paused; 2 mail does not flow: a relay is down, blocked or "
      "stuck (SMTPSendAlertAge), the engine is off with mail waiting, the queue is full or\n"
      "cannot be used, or the daemon cannot be reached. Without --relay, the worst relay decides.",
      ss_cli_status },
    { "pause", "", "stop sending; mail is still accepted and queued",
      "A pause outlasts restarts. Without --for, it lasts until 'smtp-send resume'.",
      ss_cli_pause },
    { "resume", "", "resume sending",
      "Reports what still stops sending, such as SMTPSendPause On. With --rate 50/min, sending "
      "starts at this rate, which doubles each minute\n"
      "until the backlog is gone, so that the relay is not flooded.",
      ss_cli_pause },
    { "flush", "", "try to send all waiting messages now", NULL, ss_cli_pause },
    { "retry", "[ID...]", "try to send messages now", filter_help, ss_cli_action },
    { "hold", "[ID...]", "keep messages until they are released", filter_help, ss_cli_action },
    { "release", "[ID...]", "send held messages", filter_help, ss_cli_action },
    { "cancel", "[ID...]", "give messages up; the sender is not notified", filter_help,
      ss_cli_action },
    { "bounce", "[ID...]", "give messages up and send their senders a bounce", filter_help,
      ss_cli_action },
    { "export", "", "write unfinished messages to standard output, one line of JSON each",
      "Includes the content: a backup, or the way into another queue with import. Only for root "
      "and the daemon's user. Pause first, otherwise\n"
      "messages that are sent meanwhile are in both.",
      ss_cli_transfer_export },
    { "import", "", "read exported messages from standard input",
      "Messages keep their ids, ages and holds. Messages that exist already are skipped, so an "
      "interrupted import can be repeated.",
      ss_cli_transfer_import },
    { "test", "", "test the connection to the relay", test_help, ss_cli_test },
    { "token", "--microsoft|--google",
      "print an OAuth 2 token, for SMTPSendPassword exec:", token_help, ss_cli_token },
    { "explain", "[CODE | TEXT...]",
      "explain a reply code or an error text, and what to do about it",
      "Takes a code (550), an enhanced code (5.7.1), a number of the error log (SMTPSend-402), or "
      "part of an error text. Without one, lists all entries.\n"
      "Exit codes: 0 found, 1 no match.",
      ss_cli_explain },
};
const int ss_cli_commands_count = sizeof(ss_cli_commands) / sizeof(ss_cli_commands[0]);

const ss_cli_command_t *ss_cli_commands_find(const char *name)
{
    for (int i = 0; i < ss_cli_commands_count; i++) {
        if (!strcmp(ss_cli_commands[i].name, name)) return &ss_cli_commands[i];
    }
    return NULL;
}
