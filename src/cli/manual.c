/* manual.c: a program of the build that writes the man pages and docs/directives.md from the tables
 * of commands and directives, and docs/directives.in. */
#include <apr_file_io.h>
#include <apr_general.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/manual_directives.h"

#define DATE "2026-12-01"
#define TROFF_COLUMNS 78 /* of a line of the source */

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

/* A page's source: text in lines of a readable length; requests and what is printed as it stands
 * are left alone. */
static void put_page(char *page, apr_pool_t *pool)
{
    int is_literal = 0;

    for (char *line = page, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        if (!strcmp(line, ".nf") || !strcmp(line, ".fi")) is_literal = line[1] == 'n';
        if (is_literal || *line == '.' || !*line)
            puts(line);
        else
            ss_manual_directives_wrap("", "", line, TROFF_COLUMNS, pool);
    }
}

/* What is printed from here on goes into text, until stdout is closed and set to what this gives.
 */
static FILE *capture(char **text, size_t *len)
{
    FILE *kept = stdout;

    stdout = open_memstream(text, len);
    if (!stdout) exit(EX_OSERR);
    return kept;
}

/* What --help of a command prints. */
static void put_help(const ss_cli_command_t *command, apr_pool_t *pool)
{
    ss_cli_t cli = { .pool = pool, .command = command };
    const char *argv[] = { command->name, "--help", NULL };
    char *text = NULL;
    size_t len = 0;
    FILE *kept = capture(&text, &len);

    command->run(&cli, 2, argv);
    fclose(stdout);
    stdout = kept;
    put(text);
    free(text);
}

static void page_of_commands(apr_pool_t *pool)
{
    puts(".TH SMTP\\-SEND 1 " DATE " \"mod_smtp_send " SMTP_SEND_VERSION
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
    puts(".SH ENVIRONMENT\n.TP\n.B TRACEPARENT\nof sendmail: W3C Trace Context, kept with "
         "the message\n.TP\n.B SMTP_SEND_SOCKET\nthe daemon's socket, unless \\-\\-socket is "
         "given\n.TP\n.B COLUMNS\nhow wide output may be, instead of the terminal's width, or "
         "80\n.TP\n.B NO_COLOR\nno colour on a terminal\n"
         ".SH SEE ALSO\n.BR mod_smtp_send (5)");
}

/* The text of a file, which begins and ends with a line end; NULL: it cannot be read. */
static const char *text_of(const char *path, apr_pool_t *pool)
{
    apr_file_t *file;
    apr_finfo_t info;
    apr_size_t len;
    char *text;

    if (apr_file_open(&file, path, APR_FOPEN_READ, 0, pool) != APR_SUCCESS ||
        apr_file_info_get(&info, APR_FINFO_SIZE, file) != APR_SUCCESS)
        return NULL;
    len = (apr_size_t)info.size;
    text = apr_pcalloc(pool, len + 3);
    if (apr_file_read_full(file, text + 1, len, NULL) != APR_SUCCESS) return NULL;
    text[0] = text[len + 1] = '\n';
    return text;
}

static void page_of_options(const char *source, apr_pool_t *pool)
{
    puts(".TH MOD_SMTP_SEND 5 " DATE " \"mod_smtp_send " SMTP_SEND_VERSION
         "\"\n.SH NAME\nmod_smtp_send \\- directives of the httpd module that queues and sends "
         "mail\n.SH DESCRIPTION");
    ss_manual_directives_man(source, pool);
    puts(".SH \"SEE ALSO\"\n.BR smtp\\-send (1),\n.BR smtp\\-sendd (8)");
}

static void page_of_daemon(void)
{
    puts(
        ".TH SMTP\\-SENDD 8 " DATE " \"mod_smtp_send " SMTP_SEND_VERSION
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
        "wrong\n.SH SEE ALSO\n.BR mod_smtp_send (5),\n.BR smtp\\-send (1)");
}

static int put_manual(const char *name, const char *source, apr_pool_t *pool)
{
    char *page = NULL;
    size_t len = 0;
    FILE *kept = capture(&page, &len);
    int code = EX_OK;

    if (!strcmp(name, "smtp-send.1"))
        page_of_commands(pool);
    else if (!strcmp(name, "mod_smtp_send.5"))
        page_of_options(source, pool);
    else if (!strcmp(name, "smtp-sendd.8"))
        page_of_daemon();
    else
        code = EX_USAGE;
    fclose(stdout);
    stdout = kept;
    put_page(page, pool);
    free(page);
    return code;
}

int main(int argc, const char *const *argv)
{
    apr_pool_t *pool;

    /* So that the lines of --help, which are indented by 7, fit 80 columns. */
    setenv("COLUMNS", "72", 1);
    if (argc != 3 || apr_initialize() != APR_SUCCESS || apr_pool_create(&pool, NULL) != APR_SUCCESS)
        return EX_USAGE;
    const char *source = text_of(argv[2], pool);
    if (!source) return EX_NOINPUT;
    int code = EX_OK;
    if (strcmp(argv[1], "directives.md"))
        code = put_manual(argv[1], source, pool);
    else if (ss_manual_directives_markdown(source, pool))
        code = EX_DATAERR;
    return fflush(stdout) ? EX_IOERR : code;
}
