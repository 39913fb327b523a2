/* manual.c: a program of the build that writes the man pages from the tables of commands and
 * directives. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "config/option.h"

/* Text for troff: escapes backslashes, and dots and quotes at the start of a line. */
static void put(const char *text)
{
    int is_start = 1;

    for (const char *p = text; *p; p++) {
        if (is_start && (*p == '.' || *p == '\'')) fputs("\\&", stdout);
        if (*p == '\\')
            fputs("\\e", stdout);
        else if (*p == '-')
            fputs("\\-", stdout);
        else
            putchar(*p);
        is_start = *p == '\n';
    }
}

/* What --help of a command prints. */
static void put_help(const ss_cli_command_t *command, apr_pool_t *pool)
{
    ss_cli_t cli = { .pool = pool, .command = command };
    const char *argv[] = { command->name, "--help", NULL };
    FILE *kept = stdout;
    char *text = NULL;
    size_t len = 0;

    stdout = open_memstream(&text, &len);
    if (!stdout) exit(EX_OSERR);
    command->run(&cli, 2, argv);
    fclose(stdout);
    stdout = kept;
    put(text);
    free(text);
}

static void page_of_commands(apr_pool_t *pool)
{
    puts(".TH SMTP\\-SEND 1 \"\" \"mod_smtp_send " SMTP_SEND_VERSION
         "\"\n.SH NAME\nsmtp\\-send, sendmail, mailq, newaliases \\- submit mail, manage the queue "
         "of "
         "mod_smtp_send\n"
         ".SH SYNOPSIS\n.B smtp\\-send\n[\\-\\-socket PATH] COMMAND [OPTIONS]\n.br\n.B "
         "sendmail\n[OPTIONS] [RECIPIENT...]\n.br\n.B mailq\n.br\n.B newaliases\n.SH DESCRIPTION\n"
         "Talks to the delivery daemon of mod_smtp_send over its local socket. Anyone who can open "
         "the socket can submit, and sees only their own messages; root and the daemon's user\n"
         "see and control everything. Started as \\fBsendmail\\fR, \\fBmailq\\fR or "
         "\\fBnewaliases\\fR, it is that "
         "command.\n.SH COMMANDS");
    for (int i = 0; i < ss_cli_commands_count; i++) {
        printf(".SS ");
        put(ss_cli_commands[i].name);
        puts("\n.nf");
        put_help(&ss_cli_commands[i], pool);
        puts(".fi");
    }
    puts(".SH ENVIRONMENT\n.TP\n.B SMTP_SEND_SOCKET\nthe daemon's socket, unless \\-\\-socket is "
         "given\n.TP\n.B NO_COLOR\nno colour on a terminal\n"
         ".SH SEE ALSO\n.BR mod_smtp_send (5)");
}

static void page_of_options(void)
{
    static const char *const places[] = { [SS_PLACE_SERVER] = "server, virtual host",
                                          [SS_PLACE_GLOBAL] = "server (once)",
                                          [SS_PLACE_DIRECTORY] = "directory, location",
                                          [SS_PLACE_BOTH] =
                                              "server, virtual host, directory, location" };

    puts(".TH MOD_SMTP_SEND 5 \"\" \"mod_smtp_send " SMTP_SEND_VERSION
         "\"\n.SH NAME\nmod_smtp_send \\- directives of the httpd module that queues and sends "
         "mail\n.SH DESCRIPTION\n"
         "Durations have units ms, s, min, h, d; sizes K, M, G. \\fBapachectl configtest\\fR "
         "reports invalid values and says what is allowed.\n.SH DIRECTIVES");
    for (int i = 0; i < ss_option_count; i++) {
        const ss_option_t *option = &ss_options[i];
        printf(".TP\n.B %s\n", option->name);
        put(option->help);
        printf(".\n.br\nWhere: %s.", places[option->place]);
        if (option->words) {
            printf(" Values: ");
            put(option->words);
            putchar('.');
        }
        if (option->initial) {
            printf(" Default: ");
            put(option->initial);
            putchar('.');
        }
        putchar('\n');
    }
    puts(".SH SEE ALSO\n.BR smtp\\-send (1),\n.BR smtp\\-sendd (8)");
}

static void page_of_daemon(void)
{
    puts(
        ".TH SMTP\\-SENDD 8 \"\" \"mod_smtp_send " SMTP_SEND_VERSION
        "\"\n.SH NAME\nsmtp\\-sendd \\- delivery daemon of mod_smtp_send\n.SH SYNOPSIS\n.B "
        "smtp\\-sendd\n\\-\\-config FILE [\\-\\-check]\n.SH DESCRIPTION\n"
        "Stores mail, delivers it through a relay and answers questions about it, for httpd, "
        "\\fBsmtp\\-send\\fR, \\fBsendmail\\fR and the SMTP listener. httpd with mod_smtp_send "
        "starts and ends it by itself and passes its own configuration; nothing needs to be "
        "done then.\n.PP\nOn a host without httpd, \\fBsmtp\\-sendd \\-\\-config FILE\\fR runs it "
        "in the foreground until SIGTERM or SIGINT: what is being sent is finished (10 s), the "
        "rest "
        "stays queued. Under systemd use Type=notify.\n.SH OPTIONS\n.TP\n.B \\-\\-config "
        "FILE\nthe configuration\n.TP\n.B \\-\\-check\nonly look whether it can be used; errors "
        "name file and line\n.TP\n.B \\-\\-version\nthe version\n.SH FILE\n"
        "The directives of \\fBmod_smtp_send\\fR(5) except those for locations alone, in httpd's "
        "syntax, and of httpd's own:\n.TP\n.B User, Group\nwho it runs as; required when root "
        "starts it\n.TP\n.B ErrorLog\nan absolute path or syslog[:facility[:tag]]; standard error "
        "without it\n.TP\n.B LogLevel\nerror warn notice info debug (info)\n.TP\n.B ServerName\n"
        "name in EHLO and for addresses without a domain\n.TP\n.B ServerRoot\nwhere relative paths "
        "begin (the file's folder)\n.TP\n.B DefaultRuntimeDir, DefaultStateDir, ChrootDir\nas in "
        "httpd\n.TP\n.B Include, IncludeOptional, Define, UnDefine, ${NAME}\nas in httpd, but a "
        "folder is included by its files (conf.d/*.conf), and a NAME that is neither defined nor "
        "in the environment is an error; <IfDefine> and other sections are refused\n.TP\n"
        ".B <VirtualHost NAME> ... </VirtualHost>\na relay of its own, with the "
        "settings outside as defaults; ServerName or SMTPSendRelayName in it is its name. "
        "\\fBSMTPSendRelayFor\\fR chooses by sender\n.SH EXIT STATUS\n0 ended in order; 64 usage; "
        "69 "
        "the local socket cannot be opened; 75 to be started again; 78 the configuration is "
        "wrong\n.SH SEE ALSO\n.BR mod_smtp_send (5), \n.BR smtp\\-send (1)");
}

int main(int argc, const char *const *argv)
{
    apr_pool_t *pool;

    if (argc != 2 || apr_initialize() != APR_SUCCESS || apr_pool_create(&pool, NULL) != APR_SUCCESS)
        return EX_USAGE;
    if (!strcmp(argv[1], "smtp-send.1"))
        page_of_commands(pool);
    else if (!strcmp(argv[1], "mod_smtp_send.5"))
        page_of_options();
    else if (!strcmp(argv[1], "smtp-sendd.8"))
        page_of_daemon();
    else
        return EX_USAGE;
    return fflush(stdout) ? EX_IOERR : EX_OK;
}
