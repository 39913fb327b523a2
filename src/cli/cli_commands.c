/* cli_commands.c: the table of commands with their help texts; help, man page and completion are
 * made from it. */
#include "cli/cli.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "cli/arguments.h"
#include "cli/sendmail.h"
#include "cli/sendmail_smtp.h"

#define FAILURES "64 wrong usage, 75 the daemon cannot be reached, 77 not permitted"
#define USUAL_CODES "0 done, " FAILURES
#define NO_MATCH "1 no such message, "

static const char filter_help[] =
    "ID is a message's id, or as much of its beginning or end as only one message has (4 "
    "characters or more).\n"
    "Instead of ids, a filter selects messages: --state, --relay, --from PATTERN, --to PATTERN (* "
    "matches anything). A filter alone only counts the messages that match. With --confirm and "
    "that number they are acted on, so that too wide a pattern does no harm; on a terminal you "
    "are asked.";
static const char filter_codes[] = "0 done, 1 not possible or no match, " FAILURES;

static const char test_help[] =
    "Without --host, the running daemon tests its relay with its own settings, as the page "
    "smtp-send-test does; only root and httpd's user may do that.\n"
    "With --host, this process tests that server with the options given here; nothing needs to be "
    "configured. With --config, it tests a relay of the file that smtp-sendd --config reads; the "
    "daemon need not run. No mail is sent.";

static const char token_help[] =
    "Prints an access token, from the cache while it is valid. To use it, configure:\n"
    "  SMTPSendAuth XOAUTH2\n"
    "  SMTPSendPassword exec:/usr/bin/smtp-send token --microsoft \\\n"
    "      --tenant T --client-id C --secret-file F\n\n"
    "--microsoft: client credentials, with --secret-file, or with --key-file and --cert-file (a "
    "signed assertion).\n"
    "--google: a service account's --key-file (Google's JSON) and --user, the mailbox it acts "
    "for.\n"
    "The command runs as the daemon's user (SMTPSendUser, else httpd's User), who must be able to "
    "read the files. Only that user can read the cache.";

/* ---- sendmail ---- */

static const struct {
    const char *left, *help;
} sendmail_options[] = {
    { "-t", "also take recipients from To, Cc and Bcc; Bcc is removed" },
    { "-i, -oi", "a line with only a dot does not end the message" },
    { "-f, -r SENDER", "envelope sender (default: the calling user)" },
    { "-F NAME", "full name for a From field that is added" },
    { "-N WORDS", "notifications: never, or success,failure,delay" },
    { "-R full|hdrs", "how much of the message a bounce contains" },
    { "-V ID", "envelope id for notifications" },
    { "-bm", "submit a message from standard input (the default)" },
    { "-bs", "SMTP on standard input and output" },
    { "-bp", "list the queue, like mailq" },
    { "-bi, -I", "nothing, successfully, like newaliases: SMTPSendAlias sets aliases" },
    { "-q", "try to send all waiting messages now" },
    { "-qIID", "try to send the message with this id now" },
    { "--dry-run", "only check whether the message would be accepted" },
    { "--help", "print this text" },
};

void ss_cli_commands_sendmail_options(void (*take)(void *self, const char *flag, const char *help),
                                      void *self)
{
    char left[32], *state;

    for (size_t i = 0; i < sizeof(sendmail_options) / sizeof(sendmail_options[0]); i++) {
        apr_cpystrn(left, sendmail_options[i].left, sizeof(left));
        for (char *flag = apr_strtok(left, ", ", &state); flag;
             flag = apr_strtok(NULL, ", ", &state))
            if (*flag == '-') take(self, flag, sendmail_options[i].help);
    }
}

static const char sendmail_help[] =
    "Options of other servers (-o..., -A, -B, -C, -D, -d, -e, -G, -h, -L, -M, -m, -n, -O, -p, -U, "
    "-v, -X, -x) are accepted and ignored, with their values.\n"
    "After 75 the caller keeps the message: nobody listened on the daemon's socket for 10 s, or "
    "the "
    "daemon did not react for 15 s, or you may not open its socket (join its group: the error text "
    "names it), or mail is not accepted now.";

static int print_sendmail_help(const ss_cli_t *cli)
{
    ss_arguments_print_text("Usage: sendmail [OPTIONS] [RECIPIENT...]\n"
                            "       smtp-send sendmail [OPTIONS] [RECIPIENT...]\n",
                            cli->pool);
    ss_arguments_print_text("\nSubmit a message from standard input.\n\n", cli->pool);
    for (size_t i = 0; i < sizeof(sendmail_options) / sizeof(sendmail_options[0]); i++)
        ss_arguments_print_row(sendmail_options[i].left, 13, sendmail_options[i].help);
    ss_arguments_print_end(ss_cli_commands_find("sendmail"), cli->pool);
    return EX_OK;
}

static int sendmail_command(ss_cli_t *cli, int argc, const char *const *argv)
{
    ss_sendmail_t s = { .socket = cli->socket };
    const char *other[] = { "", NULL, NULL };

    ss_cli_program = "sendmail";
    switch (ss_sendmail_read(&s, argc, argv, cli->pool)) {
    case SS_SENDMAIL_HELP: return print_sendmail_help(cli);
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

/* ---- the table ---- */

const ss_cli_command_t ss_cli_commands[] = {
    { "sendmail", "[-t] [-i] [-f SENDER] [RECIPIENT...]", "submit a message from standard input",
      sendmail_help,
      "0 accepted and on stable storage, 64 wrong usage, 65 the message or an address is invalid, "
      "75 try again later, 77 not permitted",
      "  sendmail -t -i -f app@example.com < message.eml", sendmail_command },
    { "queue", "", "list messages, newest first",
      "Without --state or --all, only unfinished messages are listed. On a terminal, ids "
      "are shortened to their ends, which every command accepts. --watch shows how fast they are "
      "sent, and "
      "the time left.\n"
      "--recover FILE saves what can be read of a damaged queue file to FILE.recovered (--into), "
      "while httpd is stopped, and prints the next steps. Nothing is overwritten.",
      USUAL_CODES "; with --recover: 0 everything was read, 65 some could not be read, 66 no such "
                  "file, 73 the new file exists already",
      "  smtp-send queue --state deferred --to '*@example.com'", ss_cli_queue },
    { "mailq", "", "list all unfinished messages",
      "The list is that of queue, with whole ids; its last line counts them for scripts.",
      USUAL_CODES, "  mailq", ss_cli_queue_mailq },
    { "newaliases", "", "do nothing, successfully, for programs that call it",
      "There is no file of aliases to rebuild: SMTPSendAlias sets aliases in httpd's "
      "configuration.",
      "0", "  newaliases", newaliases_command },
    { "show", "ID...", "show messages: recipients, attempts, the relay's replies",
      "ID is a message's id, or as much of its beginning or end as only one message has (4 "
      "characters or more).",
      "0 done, " NO_MATCH FAILURES, "  smtp-send show 3f2a9c0d", ss_cli_queue_show },
    { "status", "", "show relays, pauses and counts; the exit code is for monitoring",
      "Without --relay, the worst relay decides the exit code.",
      "0 mail flows; 1 paused; 2 mail does not flow: a relay is down, blocked or stuck "
      "(SMTPSendAlertAge), the engine is off with mail waiting, the queue is full or cannot be "
      "used; 3 unknown: the daemon does not run or does not answer, you may not ask it, or there "
      "is no such relay; 64 wrong usage",
      "  smtp-send status --relay default", ss_cli_status },
    { "pause", "", "stop sending; mail is still accepted and queued",
      "A pause outlasts restarts. Without --for, it lasts until 'smtp-send resume'.",
      "0 done, 1 no such relay, " FAILURES, "  smtp-send pause --reason 'relay moves' --for 30min",
      ss_cli_pause },
    { "resume", "", "resume sending",
      "Reports what still stops sending, such as SMTPSendPause On. With --rate 50/min, sending "
      "starts at this rate, which doubles each minute until the backlog is gone, so that the relay "
      "is not flooded.",
      "0 done, 1 no such relay, " FAILURES, "  smtp-send resume --rate 50/min", ss_cli_pause },
    { "flush", "", "try to send all waiting messages now", NULL,
      "0 done, 1 no such relay, " FAILURES, "  smtp-send flush --relay default", ss_cli_pause },
    { "retry", "[ID...]", "try to send messages now", filter_help, filter_codes,
      "  smtp-send retry 3f2a9c0d", ss_cli_action },
    { "hold", "[ID...]", "keep messages until they are released", filter_help, filter_codes,
      "  smtp-send hold --from 'news@*' --confirm 120", ss_cli_action },
    { "release", "[ID...]", "send held messages", filter_help, filter_codes,
      "  smtp-send release 3f2a9c0d", ss_cli_action },
    { "cancel", "[ID...]", "give messages up; the sender is not notified", filter_help,
      filter_codes, "  smtp-send cancel --to '*@typo.example' --confirm 3", ss_cli_action },
    { "bounce", "[ID...]", "give messages up and send their senders a bounce", filter_help,
      filter_codes, "  smtp-send bounce 3f2a9c0d", ss_cli_action },
    { "export", "", "write unfinished messages to standard output, as lines of JSON",
      "Includes the content: a backup, or the way into another queue with import. Only for root "
      "and the daemon's user. Pause first, otherwise messages that are sent meanwhile are in both.",
      USUAL_CODES, "  smtp-send export > messages.ndjson", ss_cli_transfer_export },
    { "import", "", "read exported messages from standard input",
      "Messages keep their ids, ages and holds. Messages that exist already are skipped, so an "
      "interrupted import can be repeated.",
      "0 done, 64 wrong usage, 65 the input is not what export wrote, 75 the daemon cannot be "
      "reached, 77 not permitted",
      "  smtp-send import < messages.ndjson", ss_cli_transfer_import },
    { "test", "", "test the connection to the relay", test_help,
      "0 passed; the failed step: 10 config, 11 resolve, 12 connect, 13 tls, 14 greeting, 15 "
      "hello, 16 starttls, 17 auth, 18 mail, 19 rcpt, 20 quit; " FAILURES,
      "  smtp-send test --host mail.example.com --port 587 --tls starttls \\\n"
      "      --user app@example.com --password-file /etc/apache2/smtp_send.password",
      ss_cli_test },
    { "token", "--microsoft|--google", "print an OAuth 2 token (for SMTPSendPassword exec:)",
      token_help,
      "0 printed, 64 wrong usage, 66 a file cannot be read, 69 the service refused, 75 the service "
      "cannot be reached",
      "  smtp-send token --google --key-file key.json --user app@example.com", ss_cli_token },
    { "key", "add NAME | list | remove NAME", "keys with which applications submit over HTTP",
      "For locations with AuthType smtp-send-key. add prints the new key once; the file has only "
      "its hash. A change takes effect at once. $SMTP_SEND_KEY_FILE is the default of --file.",
      "0 done, 1 there is such a key already, or none, 64 wrong usage, 65 the file is too large, "
      "66 "
      "the file cannot be read, 73 it cannot be written",
      "  smtp-send key add shop --from '*@shop.example.com' --rate 10/s", ss_cli_key },
    { "webhook", "test URL", "send a signed sample notification to an application",
      "The sample is what SMTPSendWebhook sends for a delivered message, with \"test\": true. It "
      "is "
      "sent from here: firewalls may treat the delivery daemon differently.",
      "0 taken (2xx), 1 another answer, 64 wrong usage, 66 the file cannot be read, 69 no answer",
      "  smtp-send webhook test https://shop.example.com/mail --secret-file secret",
      ss_cli_webhook },
    { "explain", "[CODE | TEXT...]",
      "explain a reply code or an error text, and what to do about it",
      "Takes a code (550), an enhanced code (5.7.1), a number of the error log (SMTPSend-402), or "
      "part of an error text. Without one, lists all entries.",
      "0 found, 1 no match, 64 wrong usage", "  smtp-send explain 550 5.7.1", ss_cli_explain },
};
const int ss_cli_commands_count = sizeof(ss_cli_commands) / sizeof(ss_cli_commands[0]);

const ss_cli_command_t *ss_cli_commands_find(const char *name)
{
    for (int i = 0; i < ss_cli_commands_count; i++) {
        if (!strcmp(ss_cli_commands[i].name, name)) return &ss_cli_commands[i];
    }
    return NULL;
}
