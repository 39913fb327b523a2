/* commands.c: the table of commands with their help texts; help, man page and completion are made
 * from it. */
#include "cli/commands.h"

#include <stdio.h>

#include "cli/action_command.h"
#include "cli/cli.h"
#include "cli/explain_command.h"
#include "cli/pause_command.h"
#include "cli/queue_command.h"
#include "cli/sendmail.h"
#include "cli/sendmail_options.h"
#include "cli/status_command.h"
#include "cli/test_command.h"
#include "cli/token_command.h"
#include "cli/transfer_command.h"

static const char filter_help[] =
    "Messages are named by ID, or by a filter: --state, --relay, --from PATTERN, --to PATTERN (* "
    "stands for anything). With a filter it is first\n"
    "counted how many messages fit, and done with --confirm THAT-NUMBER (on a terminal you are "
    "asked), so that a pattern too wide harms nothing.\n"
    "Exit codes: 0 done, 1 not possible or nothing fits, 64 usage, 75 the daemon cannot be "
    "reached, 77 not permitted.";

static const char test_help[] =
    "Without --host the running daemon tests its own relay with its own settings, as the page "
    "smtp-send-test does; only root and httpd's user may.\n"
    "With --host the test runs in this process with the settings given here, before anything is "
    "configured. No mail is sent.\n"
    "Exit codes: 0 passed; the failed step: 10 config, 11 resolve, 12 connect, 13 tls, 14 "
    "greeting, 15 hello, 16 starttls, 17 auth, 18 mail,\n"
    "19 rcpt, 20 quit; 64 usage, 75 the daemon cannot be reached, 77 not permitted.";

static const char token_help[] =
    "Prints an access token, from the cache while it is valid. Two lines of configuration use it:\n"
    "  SMTPSendAuth XOAUTH2\n"
    "  SMTPSendPassword exec:/usr/bin/smtp-send token --microsoft --tenant T --client-id C "
    "--secret-file F\n\n"
    "--microsoft: client credentials, with --secret-file, or with --key-file and --cert-file (a "
    "signed assertion).\n"
    "--google: a service account's --key-file (the JSON that Google gives) and --user, the mailbox "
    "it acts for.\n"
    "The program runs as httpd's User, who must be able to read the files. The cache is a file "
    "that only its user reads.\n"
    "Exit codes: 0 printed, 64 usage, 66 a file cannot be read, 69 the service refused, 75 it "
    "cannot be reached.";

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
          "Options of other servers (-o..., -B, -C, -h, -L, -O, -p, -X, -e, -G, -n, -U, -v) are "
          "understood and change nothing.\n"
          "Exit codes as in sysexits.h: 0 accepted and on stable storage, 64 usage, 65 the message "
          "or an address is wrong, 75 try again later (also: the daemon\n"
          "cannot be reached for 10 s; the caller keeps the mail), 77 not permitted.\n",
          stdout);
    return EX_OK;
}

static int sendmail_command(ss_cli_t *cli, int argc, const char *const *argv)
{
    ss_sendmail_t s = { .program = "sendmail", .socket = cli->socket };
    const char *other[] = { "", NULL };

    switch (ss_sendmail_read(&s, argc, argv, cli->pool)) {
    case SS_SENDMAIL_HELP: return list_sendmail_options(cli);
    case SS_SENDMAIL_LIST: other[0] = "mailq"; return ss_queue_command_mailq(cli, 1, other);
    case SS_SENDMAIL_FLUSH: other[0] = "flush"; return ss_pause_command(cli, 1, other);
    case SS_SENDMAIL_SUBMIT: return ss_sendmail_submit(&s, cli->pool);
    default: return EX_USAGE;
    }
}

const ss_cli_command_t ss_commands[] = {
    { "sendmail", "[-t] [-i] [-f SENDER] [RECIPIENT...]", "submit a message from standard input",
      NULL, sendmail_command },
    { "queue", "", "list messages, newest first",
      "Without --state and --all only messages that still wait are listed. --watch shows how they "
      "get fewer: rate, and time left.\n"
      "--recover FILE works on a damaged queue's file, while httpd is stopped: what can be read is "
      "saved into FILE.recovered (--into), and the next steps are\n"
      "printed; nothing is overwritten. Exit codes: 0 all was read, 65 some could not be, 66 there "
      "is no such file, 73 the new file is there already.",
      ss_queue_command },
    { "mailq", "", "the same for messages that wait", NULL, ss_queue_command_mailq },
    { "show", "ID...", "one message: recipients, attempts, the relay's words", NULL,
      ss_queue_command_show },
    { "status", "", "relays, pauses, counts; the exit code is for monitoring",
      "Exit codes: 0 mail flows; 1 paused; 2 stuck: a relay is blocked, the oldest message is "
      "older than SMTPSendAlertAge, the queue is full or\n"
      "cannot be used, or the daemon cannot be reached. Without --relay the worst relay decides.",
      ss_status_command },
    { "pause", "", "stop sending; mail is still accepted and waits",
      "A pause outlasts restarts. Without --for it lasts until \"resume\".", ss_pause_command },
    { "resume", "", "go on sending",
      "Says so when something else still holds, such as SMTPSendPause On. With --rate 50/min a "
      "backlog does not flood the relay: it begins at this rate, which\n"
      "doubles each minute, until nothing waits any more.",
      ss_pause_command },
    { "flush", "", "try everything that waits at once", NULL, ss_pause_command },
    { "retry", "[ID...]", "try messages at once", filter_help, ss_action_command },
    { "hold", "[ID...]", "keep messages back until released", filter_help, ss_action_command },
    { "release", "[ID...]", "let held messages go", filter_help, ss_action_command },
    { "cancel", "[ID...]", "give messages up silently", filter_help, ss_action_command },
    { "bounce", "[ID...]", "give messages up and report to the sender", filter_help,
      ss_action_command },
    { "export", "", "write what waits to standard output, a line of JSON each",
      "With content, so that it is a backup, and import takes it into another queue. Root and "
      "httpd's user only. Pause first, or what goes out meanwhile\n"
      "is in both.",
      ss_transfer_command_export },
    { "import", "", "take what export wrote from standard input",
      "Messages keep their ids, ages and holds. What is there already is passed over: an import "
      "that broke off is simply done again.",
      ss_transfer_command_import },
    { "test", "", "the connection test, from a shell", test_help, ss_test_command },
    { "token", "--microsoft|--google", "an OAuth 2 token for SMTPSendPassword exec:", token_help,
      ss_token_command },
    { "explain", "[CODE | TEXT...]", "what a reply code or an error text means, and what to do",
      "Takes a code (550), an enhanced code (5.7.1), a number of the error log (SMTPSend-402), or "
      "words of an error. Without any, lists all entries.\n"
      "Exit codes: 0 found, 1 nothing fits.",
      ss_explain_command },
};
const int ss_commands_count = sizeof(ss_commands) / sizeof(ss_commands[0]);

const ss_cli_command_t *ss_commands_find(const char *name)
{
    for (int i = 0; i < ss_commands_count; i++) {
        if (!strcmp(ss_commands[i].name, name)) return &ss_commands[i];
    }
    return NULL;
}
