/* advice_log.c: the knowledge base's rows for the numbers of the error log ("SMTPSend-220"): one a
 * number, in their order; make lint compares them with the code. Data: longer than a file of code
 * may be. */
#include "smtp/advice.h"

const ss_advice_t ss_advice_log_table[] = {
    { "SMTPSend-100", NULL, NULL, "The configuration has a mistake",
      "httpd read a directive of this module that cannot be right and did not start with it.",
      "The line names the directive, the value and what it may be. Correct it, then apachectl "
      "configtest." },
    { "SMTPSend-110", NULL, NULL, "STARTTLS on the port for TLS at once",
      "Servers on port 465 expect TLS from the first byte, and SMTPSendTLS starttls waits for "
      "their greeting.",
      "Write SMTPSendTLS tls, or SMTPSendPort 587." },
    { "SMTPSend-111", NULL, NULL, "TLS at once on a port for STARTTLS",
      "Servers on ports 25 and 587 greet in plain text, and SMTPSendTLS tls begins with a "
      "handshake.",
      "Write SMTPSendTLS starttls, or SMTPSendPort 465." },
    { "SMTPSend-112", NULL, NULL, "Plain text on the port for TLS at once",
      "Servers on port 465 expect TLS from the first byte.", "Write SMTPSendTLS tls." },
    { "SMTPSend-113", NULL, NULL, "A login without encryption",
      "User name and password would cross the network readable, so most logins are not made at "
      "all.",
      "Write SMTPSendTLS negotiate, or starttls for port 587." },
    { "SMTPSend-114", NULL, NULL, "A login to a server whose certificate is not verified",
      "Anybody between this host and the relay can pretend to be the relay and read the password.",
      "Remove SMTPSendTLSVerify Off; name the issuer in SMTPSendTLSCACertificateFile, or pin the "
      "certificate with SMTPSendTLSFingerprint." },
    { "SMTPSend-115", NULL, NULL, "The password's source cannot be read",
      "SMTPSendPassword names a file, variable or program that gave nothing when httpd started.",
      "Check path and rights; a file: is read as root at the start. Until then the login fails and "
      "mail waits." },
    { "SMTPSend-116", NULL, NULL, "A user name without a password",
      "SMTPSendUsername is set and SMTPSendPassword is not.",
      "Set SMTPSendPassword, or remove SMTPSendUsername where no login is needed." },
    { "SMTPSend-117", NULL, NULL, "A password without a user name",
      "SMTPSendPassword is set and SMTPSendUsername is not, so that no login happens.",
      "Set SMTPSendUsername." },
    { "SMTPSend-118", NULL, NULL, "A directive that has no effect yet",
      "The directive is known and checked, but this version does nothing with it.",
      "Remove it, or keep it for a later version." },
    { "SMTPSend-119", NULL, NULL, "A handler that anybody can reach",
      "A location with a handler of this module has no Require of its own.",
      "Write Require local, or ask for a login there." },
    { "SMTPSend-120", NULL, NULL, "A pinned certificate without TLS",
      "SMTPSendTLSFingerprint has a meaning only where SMTPSendTLS encrypts.",
      "Set SMTPSendTLS, or remove the fingerprint." },
    { "SMTPSend-201", NULL, NULL, "The queue cannot be used",
      "The database of SMTPSendQueue could not be opened. Nothing is accepted meanwhile, and what "
      "it holds stays.",
      "The line says why: look at the path's rights, the disk, or the database server. It heals by "
      "itself." },
    { "SMTPSend-202", NULL, NULL, "The queue could not keep a setting",
      "A pause or something learned about a server was not written; it holds until the next start.",
      "Look at the disk and the database of SMTPSendQueue." },
    { "SMTPSend-203", NULL, NULL, "The queue could not be counted",
      "Counts on the pages and in the metrics are incomplete until it works again.",
      "Look at the disk and the database of SMTPSendQueue." },
    { "SMTPSend-204", NULL, NULL, "Mail waited over the restart",
      "These messages were accepted before this start and go out now.", "Nothing to do." },
    { "SMTPSend-205", NULL, NULL, "Pauses could not be read",
      "Whether sending was paused before this start is not known.",
      "Look at the database of SMTPSendQueue, and pause again where needed." },
    { "SMTPSend-206", NULL, NULL, "Connections were cut at the end",
      "A stop or restart waited its time for answers. These messages stay queued; one whose end "
      "was sent may arrive twice.",
      "Nothing to do. If it happens often, the relay answers slowly." },
    { "SMTPSend-207", NULL, NULL, "The delivery daemon leaves",
      "A restart, a stop, or httpd's end.", "Nothing to do." },
    { "SMTPSend-208", NULL, NULL, "The delivery daemon cannot start",
      "Something it needs on this machine is missing.",
      "The line says what. Correct it and restart httpd." },
    { "SMTPSend-209", NULL, NULL, "The delivery daemon runs",
      "It has read its settings and begins to send.", "Nothing to do." },
    { "SMTPSend-210", NULL, NULL, "A stranger on the local socket",
      "A program connected to SMTPSendSocket and spoke something else.",
      "Look which program uses the socket; after an upgrade restart what was linked to the old "
      "version." },
    { "SMTPSend-211", NULL, NULL, "A silent node's mail is taken over",
      "Another web server of the shared queue gave no sign of life for a minute; this one sends "
      "what it had accepted.",
      "Look at that server. What it was sending when it fell silent may arrive twice." },
    { "SMTPSend-212", NULL, NULL, "The SMTP door is open",
      "SMTPSendListen is set: programs of this machine can submit by SMTP at the address that the "
      "line names.",
      "Nothing to do. Let programs use that address as their mail server, without TLS and login." },
    { "SMTPSend-213", NULL, NULL, "The other nodes took over this one's mail",
      "This web server did not reach the shared queue for a minute, or stood still; the others "
      "send what it had accepted.",
      "Look at the network to the database, and whether this machine stood still. It goes on by "
      "itself." },
    { "SMTPSend-214", NULL, NULL, "Sending stops: the shared queue does not answer",
      "The other nodes take over this one's mail after a minute without a sign of life, so it "
      "stops sending before that.",
      "Look at the database of SMTPSendQueue and the network to it. It goes on by itself." },
    { "SMTPSend-215", NULL, NULL, "The shared queue answers again",
      "Signs of life are given again and sending goes on.", "Nothing to do." },
    { "SMTPSend-220", NULL, NULL, "A server is down or blocked",
      "It cannot be reached (down) or refuses us (blocked). Mail waits without being charged an "
      "attempt, and one probe tries again with "
      "growing waits.",
      "The line names the step and the cause with its own advice; /smtp-send-test or smtp-send "
      "test shows the dialogue." },
    { "SMTPSend-221", NULL, NULL, "A server works again", "What waited for it goes out now.",
      "Nothing to do." },
    { "SMTPSend-222", NULL, NULL, "The server takes fewer connections",
      "It said that we have too many, so they were halved for ten minutes.",
      "Set SMTPSendConnections to the number that the line names; Microsoft 365 takes three." },
    { "SMTPSend-223", NULL, NULL, "The password cannot be read",
      "SMTPSendPassword's file or program gave nothing when the daemon needed it.",
      "Check the path and its rights for httpd's User; run an exec: program by hand as that "
      "user." },
    { "SMTPSend-230", NULL, NULL, "Waiting mail could not be read",
      "The queue's database gave an error; it is asked again.",
      "Look at the disk and the database of SMTPSendQueue." },
    { "SMTPSend-231", NULL, NULL, "A message could not be read",
      "The queue's database gave an error for this message; it is tried again.",
      "Look at the disk and the database of SMTPSendQueue." },
    { "SMTPSend-232", NULL, NULL, "Mail of a relay that is gone",
      "It was accepted for a relay that the configuration no longer has, so the main server's "
      "relay takes it.",
      "Give a relay that name again (SMTPSendRelayName) if the mail should go another way." },
    { "SMTPSend-233", NULL, NULL, "A relay's TLS settings cannot work",
      "A certificate, key, CA file or cipher list cannot be loaded. Its mail waits.",
      "The line names the directive. Correct it and restart gracefully." },
    { "SMTPSend-240", NULL, NULL, "A server's habit is remembered",
      "The server cannot do something that it offers, or only in its own way; for a day it is "
      "spoken to accordingly.",
      "The directive in the line makes it permanent. Delete nothing: it is looked at again after a "
      "day." },
    { "SMTPSend-250", NULL, NULL, "An outcome could not be stored",
      "What became of a message is known but not on stable storage; after a crash it may be sent "
      "again.",
      "Look at the disk and the database of SMTPSendQueue." },
    { "SMTPSend-252", NULL, NULL, "A report was made",
      "The sender is told by mail that a message failed or is late (SMTPSendBounce, "
      "SMTPSendDelayNotice).",
      "Nothing to do." },
    { "SMTPSend-253", NULL, NULL, "A report could not be delivered",
      "The sender's own address took no mail, so nobody is told.",
      "Look at the message on the status page; SMTPSendBounce can name an address that reads such "
      "reports." },
    { "SMTPSend-254", NULL, NULL, "No report on an automatic message",
      "Reports on reports and on automatic answers would go in circles.", "Nothing to do." },
    { "SMTPSend-260", NULL, NULL, "Sending is paused",
      "Mail is accepted and waits; time paused does not count towards SMTPSendExpire. The line "
      "comes again every 10 minutes.",
      "Resume on the status page or with smtp-send resume; where SMTPSendPause is On, set it to "
      "Off and restart gracefully." },
    { "SMTPSend-261", NULL, NULL, "Sending is resumed", "What waited goes out now.",
      "Nothing to do." },
    { "SMTPSend-262", NULL, NULL, "A pause is over by its own time",
      "It was made with an end (--for).", "Nothing to do." },
    { "SMTPSend-263", NULL, NULL, "A pause is ended", "Somebody resumed sending.",
      "Nothing to do." },
    { "SMTPSend-264", NULL, NULL, "A pause was ended at another node",
      "Somebody resumed sending at another web server of the shared queue; it holds here, too.",
      "Nothing to do." },
    { "SMTPSend-270", NULL, NULL, "Somebody acted on a message",
      "Retry, hold, release, cancel or bounce, with the name of who did it.", "Nothing to do." },
    { "SMTPSend-271", NULL, NULL, "A relay was flushed",
      "Somebody asked for everything that waits to be tried at once.", "Nothing to do." },
    { "SMTPSend-273", NULL, NULL, "A flush could not be carried out",
      "What waits for its next attempt could not be made due in the queue; the sentence says why.",
      "Mend what the sentence names, then flush once more." },
    { "SMTPSend-274", NULL, NULL, "A message was given up by a person",
      "Somebody bounced it: its sender is told, unless SMTPSendBounce or NOTIFY says otherwise.",
      "Nothing." },
    { "SMTPSend-277", NULL, NULL, "A bounded resumption is over",
      "Sending was resumed with a bound that doubled each minute; it is gone now.",
      "Nothing to do." },
    { "SMTPSend-278", NULL, NULL, "Sending is resumed with a bound",
      "So that a long queue does not fall upon the relay at once, it begins with few messages and "
      "doubles each minute.",
      "Nothing to do." },
    { "SMTPSend-280", NULL, NULL, "The daemon cannot become httpd's User",
      "It does not send as root, so it ended.", "Check User and Group of httpd's configuration." },
    { "SMTPSend-281", NULL, NULL, "Two servers on one local socket",
      "Another running httpd uses the path of SMTPSendSocket.",
      "Give each server a socket of its own with SMTPSendSocket." },
    { "SMTPSend-282", NULL, NULL, "The local socket cannot be opened",
      "Without it nothing can be submitted.",
      "Check that the folder of SMTPSendSocket exists and may be written." },
    { "SMTPSend-283", NULL, NULL, "The delivery daemon died",
      "It is started again at once; mail waits in the queue.",
      "Report it with the lines before this one: the daemon should never die." },
    { "SMTPSend-284", NULL, NULL, "The delivery daemon does not start",
      "It found a mistake that a new start would not mend.",
      "The lines before this one say what; correct it and restart httpd." },
    { "SMTPSend-285", NULL, NULL, "The delivery daemon cannot be started",
      "The system refused a pipe or a process that it needs. It is tried again, at most half a "
      "minute apart; meanwhile submissions are answered 503.",
      "Look at the limits of open files, processes and memory of the httpd service." },
    { "SMTPSend-287", NULL, NULL, "The SMTP door cannot be opened",
      "The address of SMTPSendListen cannot be listened on, most often because another mail server "
      "has the port. Mail by HTTP and sendmail is taken as before.",
      "Choose another port, or stop the program that ss -ltnp shows there; then restart httpd." },
    { "SMTPSend-295", NULL, NULL, "Too many results wait for applications",
      "The applications that SMTPSendWebhook names do not take what they are told, and no more can "
      "wait. Mail is delivered as before.",
      "Look at the application: it must answer with 2xx. What was dropped is still seen with GET "
      "on each message." },
    { "SMTPSend-296", NULL, NULL, "An application did not take a result",
      "The webhook could not be reached or did not answer with 2xx. It is told again with growing "
      "waits, for a day.",
      "Look at the URL and at the application. A private address needs its host itself in "
      "SMTPSendWebhookAllow." },
    { "SMTPSend-297", NULL, NULL, "A result was not told",
      "The webhook did not take it for a day, or said that it wants no more (410).",
      "Look at the URL and at the application. The message's state is still seen with GET." },
    { "SMTPSend-298", NULL, NULL, "A line of a delivery's dialogue",
      "LogLevel smtp_send:debug shows what was said (C:) and heard (S:), without passwords and "
      "contents.",
      "Nothing is to be done. LogLevel smtp_send:info ends it." },
    { "SMTPSend-299", NULL, NULL, "A sentence that repeats was counted",
      "The sentence stands in the log once; so many more times it would have come within the "
      "minute after it.",
      "Look at the line that it counts: its cause and remedy stand there." },
    { "SMTPSend-301", NULL, NULL, "The queue cannot be written",
      "What was accepted stays; new mail is refused with 503 until it works.",
      "Make room on the disk, or look at the database server of SMTPSendQueue. It heals by "
      "itself." },
    { "SMTPSend-302", NULL, NULL, "The queue can be written again", "Mail is accepted again.",
      "Nothing to do." },
    { "SMTPSend-303", NULL, NULL, "The queue was brought up to date",
      "A newer module found the queue of an older one and changed its tables, in one transaction.",
      "Nothing is to be done. The older module refuses this queue from now on: keep a copy before "
      "an upgrade that may be taken back." },
    { "SMTPSend-400", NULL, NULL, "No memory for a timer",
      "The machine is out of memory, so something waits longer than it should.",
      "Give the machine or the service more memory." },
    { "SMTPSend-501", NULL, NULL, "A submission was answered with 503",
      "The line says why: the engine is off, the daemon or the queue cannot take it now.",
      "Correct what it names; a program that submits should try again after Retry-After." },
    { "SMTPSend-502", NULL, NULL, "Submissions of a batch were answered with 503",
      "The line says why and how many.", "Correct what it names and submit those lines again." },
};

const int ss_advice_log_count = (int)(sizeof(ss_advice_log_table) / sizeof(ss_advice_log_table[0]));
