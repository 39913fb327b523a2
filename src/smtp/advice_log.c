/* advice_log.c: the knowledge base's entries for the numbers of the error log ("SMTPSend-220"), one
 * per number, in order; make lint compares them with the code. Data only. */
#include "smtp/advice.h"

const ss_advice_t ss_advice_log_table[] = {
    { "SMTPSend-100", NULL, NULL, "Configuration error",
      "httpd read an invalid directive of this module and did not start.",
      "The line names the directive, its value and the allowed values. Correct it, then run "
      "apachectl configtest." },
    { "SMTPSend-110", NULL, NULL, "STARTTLS on the port for implicit TLS",
      "Servers on port 465 expect TLS from the first byte, while SMTPSendTLS starttls waits for "
      "their greeting.",
      "Set SMTPSendTLS tls, or SMTPSendPort 587." },
    { "SMTPSend-111", NULL, NULL, "Implicit TLS on a port for STARTTLS",
      "Servers on ports 25 and 587 greet in plain text, while SMTPSendTLS tls starts with a "
      "handshake.",
      "Set SMTPSendTLS starttls, or SMTPSendPort 465." },
    { "SMTPSend-112", NULL, NULL, "Plain text on the port for implicit TLS",
      "Servers on port 465 expect TLS from the first byte.", "Set SMTPSendTLS tls." },
    { "SMTPSend-113", NULL, NULL, "A login without encryption",
      "User name and password would cross the network in plain text, so most login mechanisms are "
      "not used.",
      "Set SMTPSendTLS negotiate, or starttls for port 587." },
    { "SMTPSend-114", NULL, NULL, "A login to a server whose certificate is not verified",
      "Anyone between this host and the relay can impersonate the relay and read the password.",
      "Remove SMTPSendTLSVerify Off. Name the CA in SMTPSendTLSCACertificateFile, or pin the "
      "certificate with SMTPSendTLSFingerprint." },
    { "SMTPSend-115", NULL, NULL, "The password's source cannot be read",
      "SMTPSendPassword names a file, variable or program that gave no password when httpd "
      "started.",
      "Check path and permissions; a file: is read as root at startup. Until then the login fails "
      "and mail stays queued." },
    { "SMTPSend-116", NULL, NULL, "A user name without a password",
      "SMTPSendUsername is set and SMTPSendPassword is not.",
      "Set SMTPSendPassword, or remove SMTPSendUsername if no login is needed." },
    { "SMTPSend-117", NULL, NULL, "A password without a user name",
      "SMTPSendPassword is set and SMTPSendUsername is not, so no login takes place.",
      "Set SMTPSendUsername." },
    { "SMTPSend-119", NULL, NULL, "A handler without access control",
      "A location with a handler of this module has no Require of its own, so anyone can reach it.",
      "Add Require local, or require a login there." },
    { "SMTPSend-128", NULL, NULL, "Pages of every site may submit mail",
      "SMTPSendAllowOrigin has * here: any page that somebody opens can send mail with that "
      "person's "
      "browser, where the browser can reach the location.",
      "Name the sites whose pages may submit, such as https://www.example.com." },
    { "SMTPSend-120", NULL, NULL, "A pinned certificate without TLS",
      "SMTPSendTLSFingerprint has an effect only if SMTPSendTLS encrypts.",
      "Set SMTPSendTLS, or remove the fingerprint." },
    { "SMTPSend-121", NULL, NULL, "A login to a server that is never verified",
      "SMTPSendTLS opportunistic continues with any server, and without TLS where none is offered, "
      "so a password could go to anyone. Beyond this machine it is not sent unless "
      "SMTPSendAuthInsecure is On.",
      "Set SMTPSendTLS starttls or tls." },
    { "SMTPSend-125", NULL, NULL, "Which mail SMTPSendRedirect does not change",
      "Everything that is submitted, test messages, bounces and delay notices go to its address. "
      "Messages that were accepted before the directive was set, and imported ones, keep their "
      "recipients.",
      "If real people must not get these, pause the relay, and cancel them (smtp-send queue, "
      "smtp-send cancel) before it is resumed." },
    { "SMTPSend-126", NULL, NULL, "SMTPSendUser has no effect",
      "Only root can start the delivery daemon as another user, and httpd was not started as root.",
      "Start httpd as root, or remove SMTPSendUser." },
    { "SMTPSend-129", NULL, NULL, "A directive without effect",
      "Another directive, named in the line, makes it do nothing.",
      "Write what the line says, or remove the directive." },
    { "SMTPSend-130", NULL, NULL, "A setting that is probably a mistake",
      "The value is allowed and rarely meant so; the line says what it does.",
      "Write what the line says. If it is meant so, nothing needs to be done: at start this is "
      "only a notice." },
    { "SMTPSend-131", NULL, NULL, "A line that an earlier one covers",
      "Of several lines of SMTPSendAlias or SMTPSendRelayFor, the first that matches counts.",
      "Move the wider one to the end, or write both in one line." },
    { "SMTPSend-132", NULL, NULL, "A port of another protocol",
      "SMTPSendHost or SMTPSendPort names a port that usually belongs to a web, IMAP, POP3, DNS or "
      "SSH server.",
      "Set port 587 with SMTPSendTLS starttls, or port 465 with SMTPSendTLS tls." },
    { "SMTPSend-133", NULL, NULL, "Mail would go round in a loop",
      "SMTPSendHost names the port of SMTPSendListen on this machine, so the daemon would send its "
      "mail to itself.",
      "Give one of them another port." },
    { "SMTPSend-134", NULL, NULL, "A source address that this machine does not have",
      "SMTPSendSourceAddress must be an address of one of the interfaces; otherwise no connection "
      "can be made.",
      "Write one that \"ip address\" lists, or remove the directive." },
    { "SMTPSend-135", NULL, NULL, "A line in a section that is probably a mistake",
      "It is allowed, and does not do what is usually wanted; the line says what it does.",
      "Write what the line says. If it is meant so, nothing needs to be done: at start this is "
      "only a notice." },
    { "SMTPSend-136", NULL, NULL, "The host's own name is used",
      "No ServerName is set, so the host's full name or /etc/mailname stands for it: in EHLO, in "
      "reports, and as the domain of senders without one.",
      "If the name is right, nothing needs to be done. Otherwise set ServerName, or SMTPSendHelo "
      "and SMTPSendDefaultDomain." },
    { "SMTPSend-137", NULL, NULL, "The host has no full name",
      "No ServerName is set, and neither the host's name nor /etc/mailname is a full name such as "
      "www.example.com. Relays may refuse senders without a real domain.",
      "Set ServerName, or SMTPSendHelo and SMTPSendDefaultDomain." },
    { "SMTPSend-201", NULL, NULL, "The queue cannot be used",
      "The database of SMTPSendQueue could not be opened. No mail is accepted in the meantime; "
      "queued mail is kept.",
      "The line gives the reason: check the path's permissions, the disk, or the database server. "
      "It is retried automatically." },
    { "SMTPSend-202", NULL, NULL, "A setting could not be stored in the queue",
      "A pause or a learned server limitation was not written; it is lost at the next restart.",
      "Check the disk and the database of SMTPSendQueue." },
    { "SMTPSend-203", NULL, NULL, "The queue could not be counted",
      "Mail is accepted and sent; how much waits is shown as not counted yet until it works again.",
      "Check the disk and the database of SMTPSendQueue." },
    { "SMTPSend-204", NULL, NULL, "Mail was queued during the restart",
      "These messages were accepted before this start and are sent now.", "No action needed." },
    { "SMTPSend-205", NULL, NULL, "Pauses could not be read",
      "It is not known yet whether sending was paused before this start, so nothing is accepted or "
      "sent. Reading is tried again every 30 s at most.",
      "Check the disk and the database of SMTPSendQueue. It continues automatically." },
    { "SMTPSend-206", NULL, NULL, "Connections were cut at shutdown",
      "A stop or restart waited for replies until its time was up. These messages stay queued; one "
      "that was already sent completely may be delivered twice.",
      "No action needed. If it happens often, the relay replies slowly." },
    { "SMTPSend-207", NULL, NULL, "The delivery daemon stops",
      "httpd restarts, stops or has ended.", "No action needed." },
    { "SMTPSend-208", NULL, NULL, "The delivery daemon cannot start",
      "Something that it needs on this machine is missing. It is tried again, at first at once and "
      "then every 10 seconds.",
      "The line says what: usually the limits on open files, processes or memory." },
    { "SMTPSend-209", NULL, NULL, "The delivery daemon is running",
      "It has read its settings and starts to send.", "No action needed." },
    { "SMTPSend-210", NULL, NULL, "An unknown protocol on the local socket",
      "A program connected to SMTPSendSocket and did not speak this module's protocol.",
      "Find out which program uses the socket. After an upgrade, restart programs that were linked "
      "with the old version." },
    { "SMTPSend-211", NULL, NULL, "The mail of a node without heartbeat is taken over",
      "Another web server that shares the queue sent no heartbeat for a minute; this one sends the "
      "mail that it had accepted.",
      "Check that server. Messages that it was sending at that moment may be delivered twice." },
    { "SMTPSend-212", NULL, NULL, "The SMTP listener is open",
      "SMTPSendListen is set: local programs can submit mail by SMTP at the address in the line.",
      "No action needed. Programs can use that address as their mail server, without TLS and "
      "login." },
    { "SMTPSend-213", NULL, NULL, "Other nodes took over this node's mail",
      "This web server did not reach the shared queue for a minute, or was suspended; the other "
      "nodes send the mail that it had accepted.",
      "Check the network to the database, and whether this machine was suspended. It resumes "
      "automatically." },
    { "SMTPSend-214", NULL, NULL, "Sending stopped: the shared queue does not respond",
      "After a minute without heartbeat the other nodes take over this node's mail, so this node "
      "stops sending before that.",
      "Check the database of SMTPSendQueue and the network to it. It resumes automatically." },
    { "SMTPSend-215", NULL, NULL, "The shared queue responds again",
      "The heartbeat works again and sending has resumed.", "No action needed." },
    { "SMTPSend-217", NULL, NULL, "The pauses were read",
      "The queue answers, which it had not at the start: mail is accepted, and sent where nothing "
      "is "
      "paused.",
      "No action needed." },
    { "SMTPSend-218", NULL, NULL, "The clock was set",
      "The wall clock differs from the time that passed by more than a minute: a person or a time "
      "service set it. Waits go on as before, and the difference is not counted towards "
      "SMTPSendExpire. Times that people chose (`at`) are compared with the new clock.",
      "If nobody set it, check the time service (chrony, systemd-timesyncd) and the clock's "
      "battery." },
    { "SMTPSend-219", NULL, NULL, "The server takes another login mechanism",
      "It refused one that it offers, and took the next one, which goes first for a day.",
      "Name the mechanism of the line in SMTPSendAuth to make it permanent." },
    { "SMTPSend-220", NULL, NULL, "A server is down or blocked",
      "It cannot be reached (down) or refuses us (blocked). Mail stays queued without using up "
      "attempts; single connections test the server at growing intervals.",
      "The line names the step and the cause, with advice of its own. /smtp-send-test or smtp-send "
      "test shows the dialogue." },
    { "SMTPSend-221", NULL, NULL, "A server works again",
      "Mail that was queued for it is sent now.", "No action needed." },
    { "SMTPSend-222", NULL, NULL, "The server accepts fewer connections",
      "It reported too many connections, so their number was halved for ten minutes.",
      "Set SMTPSendConnections to the number in the line; Microsoft 365 accepts three." },
    { "SMTPSend-223", NULL, NULL, "The password cannot be read",
      "The file or program of SMTPSendPassword gave no password when the daemon needed it.",
      "Check the path and its permissions for the daemon's user (SMTPSendUser, else httpd's User); "
      "run an exec: program by hand as that user." },
    { "SMTPSend-224", NULL, NULL, "Another module does not take final states",
      "A function on the hook smtp_send_finished takes too long, or its process has ended. Mail is "
      "sent as before; those reports are lost.",
      "Let the function return at once. A graceful restart starts its process again." },
    { "SMTPSend-225", NULL, NULL, "The server closes further connections without a reason",
      "Connections beyond a certain number failed while the others carried mail, so no more than "
      "those are made for ten minutes.",
      "Set SMTPSendConnections to the number in the line." },
    { "SMTPSend-226", NULL, NULL, "A session ended before it carried mail",
      "The server closed the connection, did not answer or broke the protocol before it took or "
      "refused a message. After three such sessions in a row it counts as down, and the next host "
      "of SMTPSendHost is used.",
      "The line has the server's words. Run the connection test, which shows the dialogue." },
    { "SMTPSend-227", NULL, NULL, "The server asked for a lower rate",
      "It refused mail as too much in too short a time. The relay is sent to at the rate at which "
      "it took mail before, less a fifth, and the rate grows again until it refuses more. No "
      "attempt is charged.",
      "No action needed. SMTPSendRate with the value of the line avoids the refusals." },
    { "SMTPSend-228", NULL, NULL, "The server takes mail at full rate again",
      "The rate has grown to eight times that of the last refusal without another one.",
      "No action needed." },
    { "SMTPSend-229", NULL, NULL, "A refusal may be about this server or about one message",
      "The reply of the relay does not tell. Other messages are tried: if one is accepted, only "
      "the refused one fails or is deferred; if another one is refused like it, or no other waits, "
      "the "
      "relay is blocked (SMTPSend-220).",
      "Nothing at once. The line names the message and the reply." },
    { "SMTPSend-230", NULL, NULL, "Queued mail could not be read",
      "The queue's database returned an error; the request is retried.",
      "Check the disk and the database of SMTPSendQueue." },
    { "SMTPSend-231", NULL, NULL, "A message could not be read",
      "The queue's database returned an error for this message; it is retried.",
      "Check the disk and the database of SMTPSendQueue." },
    { "SMTPSend-232", NULL, NULL, "Mail for a relay that no longer exists",
      "It was accepted for a relay that is no longer configured, so it is sent through the main "
      "server's relay.",
      "Configure a relay with that name (SMTPSendRelayName) if the mail should take another "
      "route." },
    { "SMTPSend-233", NULL, NULL, "A relay's TLS settings cannot be used",
      "A certificate, key, CA file or cipher list cannot be loaded. Its mail stays queued.",
      "The line names the directive. Correct it and restart gracefully." },
    { "SMTPSend-235", NULL, NULL, "A quota was used up before this start",
      "The relay refused mail for it, and its period is not over. A restart changes nothing about "
      "that, so the relay is left alone until then.",
      "No action needed. Where the quota was raised, smtp-send flush tries the relay at once." },
    { "SMTPSend-236", NULL, NULL, "smtp-sendd could not check the configuration",
      "configtest lets smtp-sendd look at what only that program knows; it could not be run.",
      "The line has the path and the reason. Install smtp-sendd beside the module or where make "
      "install puts it." },
    { "SMTPSend-237", NULL, NULL, "The event log cannot be written",
      "The file or program of SMTPSendEventLog takes no lines at the moment: the disk is full, or "
      "the program hangs or has ended. Events wait in memory, up to 4 MiB. Mail is not affected.",
      "The line gives the reason. Make room on the disk, or look at the program." },
    { "SMTPSend-238", NULL, NULL, "The event log can be written again",
      "What waited in memory is in it now.", "No action needed." },
    { "SMTPSend-239", NULL, NULL, "Events were lost",
      "The event log could not be written for so long that no more lines fit in memory. The metric "
      "smtp_send_event_log_dropped_total counts them. Mail is not affected.",
      "See the SMTPSend-237 line before it for the reason. The error log has the same "
      "deliveries." },
    { "SMTPSend-241", NULL, NULL, "The event log was renamed and not made again",
      "A program such as logrotate renamed or deleted the file, and the daemon's user may not make "
      "a new one in that folder. The lines go to the old file.",
      "Restart httpd gracefully after the rotation, as for its other logs, or let logrotate use "
      "copytruncate." },
    { "SMTPSend-242", NULL, NULL, "The event log is not written: there is no thread for it",
      "The system refused a thread when the daemon started. Mail is not affected.",
      "Check the limits on processes (TasksMax, ulimit -u) and memory, then restart gracefully." },
    { "SMTPSend-243", NULL, NULL, "The event log cannot be opened",
      "The file of SMTPSendEventLog cannot be opened or its program cannot be started. A file is "
      "tried again as the daemon's user. Mail is not affected.",
      "Check the path and its folder, then restart gracefully." },
    { "SMTPSend-244", NULL, NULL, "The program of the event log cannot be started",
      "It does not exist, or may not be executed.",
      "Check the path in SMTPSendEventLog; \"|$command\" lets a shell look for it." },
    { "SMTPSend-245", NULL, NULL, "The program of the event log has ended",
      "It is started again, at first after a second. Lines wait meanwhile.",
      "The program must read its standard input until that ends. Look at its own messages." },
    { "SMTPSend-246", NULL, NULL, "The event log of the configuration cannot be used",
      "The folder of the file is missing or cannot be written, or the program does not exist.",
      "Correct SMTPSendEventLog at the file and line that the message names." },
    { "SMTPSend-240", NULL, NULL, "A server limitation was learned",
      "The server does not support a feature, or not as it claims. The feature is not used with "
      "this host for 24 hours.",
      "The directive in the line makes it permanent. Otherwise no action is needed: the feature is "
      "tried again after 24 hours." },
    { "SMTPSend-234", NULL, NULL, "A message cannot be read",
      "A part of the queue that holds it is damaged; other messages are not affected. It is on "
      "hold, "
      "and its page shows the reason.",
      "Check the disk. Stop httpd and run smtp-send queue --recover with the queue's file to save "
      "what can be read; cancel the message if it cannot be saved." },
    { "SMTPSend-247", NULL, NULL, "A certificate has expired",
      "configtest found that the client certificate, or each certificate of the CA file, is past "
      "its date.",
      "Put a valid certificate into the file that the line names." },
    { "SMTPSend-248", NULL, NULL, "The queue is on an unsuitable file system",
      "A queue in memory is lost when the machine restarts; on a network file system a SQLite "
      "database can be damaged.",
      "Name a folder on a local disk, or use SMTPSendQueue pgsql." },
    { "SMTPSend-249", NULL, NULL, "The server answers only a small TLS handshake",
      "It, or a firewall before it, left a large first packet of the handshake without an answer, "
      "and answered a smaller one, which is used from now on.",
      "Set SMTPSendTLSGroups X25519:P-256 to make it permanent." },
    { "SMTPSend-250", NULL, NULL, "An outcome could not be stored",
      "The result of a message is known but not on stable storage; after a crash the message may "
      "be sent again.",
      "Check the disk and the database of SMTPSendQueue." },
    { "SMTPSend-252", NULL, NULL, "A bounce was sent",
      "The sender is notified by mail that a message failed or is delayed (SMTPSendBounce, "
      "SMTPSendDelayNotice).",
      "No action needed." },
    { "SMTPSend-253", NULL, NULL, "A bounce could not be delivered",
      "The sender's own address did not accept it, so nobody is notified.",
      "Look at the message on the status page. SMTPSendBounce can name an address that receives "
      "such bounces." },
    { "SMTPSend-254", NULL, NULL, "No bounce for an automatic message",
      "Bounces of bounces and of automatic replies could loop.", "No action needed." },
    { "SMTPSend-255", NULL, NULL, "Sending has stopped: the queue cannot be written",
      "What becomes of a message could not be stored, and it would be sent again after a crash. "
      "What was sent before is stored as soon as possible.",
      "Check the disk and the database of SMTPSendQueue, and whether another program holds the "
      "queue's lock. Sending resumes automatically." },
    { "SMTPSend-256", NULL, NULL, "Sending has resumed: the queue can be written again",
      "What happened meanwhile is stored, and waiting mail is sent.", "No action needed." },
    { "SMTPSend-257", NULL, NULL, "Mail is sent again after the next start",
      "The daemon had to end before the queue could be written, so that it is not on record that "
      "these recipients have their mail.",
      "Correct what keeps the queue from being written before the next start; the lines before "
      "name "
      "it." },
    { "SMTPSend-260", NULL, NULL, "Sending is paused",
      "Mail is accepted and stays queued; the time paused does not count towards SMTPSendExpire. "
      "The line is repeated every 10 minutes.",
      "Resume on the status page or with smtp-send resume. If SMTPSendPause is On, set it to Off "
      "and restart gracefully." },
    { "SMTPSend-261", NULL, NULL, "Sending has resumed", "Queued mail is sent now.",
      "No action needed." },
    { "SMTPSend-262", NULL, NULL, "A pause has expired", "It was set for a limited time (--for).",
      "No action needed." },
    { "SMTPSend-263", NULL, NULL, "A pause was ended", "An operator resumed sending.",
      "No action needed." },
    { "SMTPSend-264", NULL, NULL, "A pause was ended on another node",
      "An operator resumed sending on another web server that shares the queue; this applies here "
      "as well.",
      "No action needed." },
    { "SMTPSend-265", NULL, NULL, "The SMTP listener has as many clients as it may",
      "SMTPSendListen serves 512 clients at a time, or a quarter of the daemon's open files. Users "
      "who have fewer of them than the user named here are still served: the connection of that "
      "user that has been silent for longest is closed with 421. Uid -1 stands for all clients "
      "whose user the system does not tell.",
      "Find the programs of that user (ss -tpe) and end those that keep connections without "
      "need." },
    { "SMTPSend-270", NULL, NULL, "An operator acted on a message",
      "Retry, hold, release, cancel or bounce, with the name of the operator.",
      "No action needed." },
    { "SMTPSend-271", NULL, NULL, "A relay was flushed",
      "An operator asked to retry all queued mail now.", "No action needed." },
    { "SMTPSend-273", NULL, NULL, "A flush failed",
      "The retry times of queued mail could not be reset in the queue; the line gives the reason.",
      "Fix the cause, then flush again." },
    { "SMTPSend-274", NULL, NULL, "An operator bounced a message",
      "Its sender is notified unless SMTPSendBounce or NOTIFY says otherwise.",
      "No action needed." },
    { "SMTPSend-275", NULL, NULL, "The queue has a new owner",
      "SMTPSendUser was set: the files that httpd's User had are the delivery daemon's own user's.",
      "No action needed." },
    { "SMTPSend-277", NULL, NULL, "Slow start is over",
      "Sending was resumed with a rate limit that doubled each minute; the limit is gone now.",
      "No action needed." },
    { "SMTPSend-278", NULL, NULL, "Sending resumes with a slow start",
      "To protect the relay from a sudden flood, few messages are sent at first, and the rate "
      "doubles each minute.",
      "No action needed." },
    { "SMTPSend-279", NULL, NULL, "A user opens too many connections to the local socket",
      "Programs of one user that is neither root nor httpd's keep many connections to the delivery "
      "daemon. Further ones are refused with 503. All other users are served as usual.",
      "Find the programs of that user (ss -xp, or lsof on the file of SMTPSendSocket) and end "
      "those "
      "that keep connections without need." },
    { "SMTPSend-280", NULL, NULL, "Others can replace the local socket",
      "The folder of SMTPSendSocket can be written by a user or group other than root. They can "
      "put a socket of their own there, to which web applications and sendmail would give mail.",
      "Set SMTPSendSocket to a folder that only root can write, such as the default." },
    { "SMTPSend-281", NULL, NULL, "Two servers use the same local socket",
      "Another running httpd listens at the path of SMTPSendSocket, perhaps one that was stopped "
      "and still finishes its requests. The socket is opened when that one has ended.",
      "If both servers shall run, give each its own socket with SMTPSendSocket." },
    { "SMTPSend-282", NULL, NULL, "The local socket cannot be opened",
      "Without it no mail can be submitted. It is tried again at least every 30 seconds.",
      "Check that the folder of SMTPSendSocket exists and is writable." },
    { "SMTPSend-283", NULL, NULL, "The delivery daemon crashed",
      "It is restarted at once; mail stays queued.",
      "Please report it with the preceding lines of the log: the daemon should never crash." },
    { "SMTPSend-284", NULL, NULL, "smtp-sendd cannot be started",
      "The program of the delivery daemon is missing, cannot be run, or could not be given its "
      "configuration. It is tried again; mail is not accepted meanwhile.",
      "The line gives the path and the reason. Install smtp-sendd beside the module or where make "
      "install puts it." },
    { "SMTPSend-285", NULL, NULL, "The delivery daemon cannot be started",
      "The system refused a pipe or a process that it needs. This is retried at least every 30 "
      "seconds; until then submissions are answered with 503.",
      "Check the limits on open files, processes and memory of the httpd service." },
    { "SMTPSend-286", NULL, NULL, "The local socket's file was removed or replaced",
      "A program removed the file of SMTPSendSocket while httpd was running. It is made again, and "
      "the delivery daemon is replaced as at a graceful restart.",
      "Find out what removed it: often a job that cleans up temporary folders." },
    { "SMTPSend-287", NULL, NULL, "The SMTP listener cannot be opened",
      "The address of SMTPSendListen is not available, usually because another mail server uses "
      "the port. It is tried again at least every 30 seconds. Mail is still accepted by HTTP and "
      "sendmail.",
      "Choose another port, or stop the program that ss -ltnp shows." },
    { "SMTPSend-288", NULL, NULL, "A socket could be opened",
      "It could not be opened before; now mail is accepted there.", "No action needed." },
    { "SMTPSend-289", NULL, NULL, "The delivery daemon could be started",
      "It could not be started before; now it runs.", "No action needed." },
    { "SMTPSend-290", NULL, NULL, "A delivery daemon that leaves waits for the queue",
      "It has sent messages and cannot store that, so it keeps the queue until it can: the next "
      "daemon would send them again. The next daemon refuses mail meanwhile. It "
      "waits for a minute after a stop of httpd.",
      "Check the disk and the database of SMTPSendQueue, and whether another program holds the "
      "queue's lock." },
    { "SMTPSend-291", NULL, NULL, "No connection to a relay can be opened on this machine",
      "The delivery daemon has no open file, process or memory left for it. This says nothing "
      "about "
      "the relay: mail waits and is tried again every second.",
      "Raise the limits of the httpd service (LimitNOFILE, ulimit -n), or lower "
      "SMTPSendConnections." },
    { "SMTPSend-292", NULL, NULL, "TLS settings that cannot be used",
      "configtest let smtp-sendd try the ciphers, groups, certificates and keys that the "
      "configuration names, and OpenSSL refused one of them.",
      "The line names the directive with file and line, and OpenSSL's reason." },
    { "SMTPSend-293", NULL, NULL, "The delivery daemon has nearly too many files open",
      "A reserve is kept for the queue, the relays and the log. Idle connections of web processes "
      "are closed early, and further clients wait until others leave. Mail is still sent.",
      "Raise the limit on open files of the httpd service (LimitNOFILE, ulimit -n), or lower "
      "MaxRequestWorkers." },
    { "SMTPSend-294", NULL, NULL, "The daemon's user cannot use the queue's folder",
      "configtest found that the folder or file of SMTPSendQueue is missing, or that the user that "
      "the daemon runs as may not write there.",
      "Create the folder, or give it to that user." },
    { "SMTPSend-295", NULL, NULL, "The webhook backlog is full",
      "The applications of SMTPSendWebhook do not accept events, and no more can be queued, so new "
      "events are dropped. Mail is still delivered.",
      "Check the application: it must answer with 2xx. The results of dropped events can be read "
      "with GET for each message." },
    { "SMTPSend-296", NULL, NULL, "An application did not accept an event",
      "The webhook could not be reached or did not answer with 2xx. It is retried at growing "
      "intervals for a day.",
      "Check the URL and the application. A private address must be listed in "
      "SMTPSendWebhookAllow." },
    { "SMTPSend-297", NULL, NULL, "An event was dropped",
      "The webhook did not accept it for a day, or answered that it wants no more events (410).",
      "Check the URL and the application. The message's state can still be read with GET." },
    { "SMTPSend-298", NULL, NULL, "A line of an SMTP dialogue",
      "LogLevel smtp_send:debug logs what was sent (C:) and received (S:), without passwords and "
      "message content.",
      "No action needed. LogLevel smtp_send:info turns it off." },
    { "SMTPSend-299", NULL, NULL, "A repeated log line was counted",
      "The line is logged once; this is how often it would have been repeated within the following "
      "minute.",
      "See the line in question for its cause and remedy." },
    { "SMTPSend-301", NULL,
      "no space left on device|ENOSPC|disk is full|disk-full|EDQUOT|disk quota",
      "The queue is not writable (disk full?)",
      "Accepted mail is kept; new mail is refused with 503 until the queue is writable again.",
      "Free space on the disk, or check the database server of SMTPSendQueue. It recovers "
      "automatically." },
    { "SMTPSend-302", NULL, NULL, "The queue is writable again", "Mail is accepted again.",
      "No action needed." },
    { "SMTPSend-303", NULL, NULL, "The queue was upgraded",
      "A newer module changed the tables of an older queue, in one transaction.",
      "No action needed. The older module refuses this queue from now on: before an upgrade that "
      "you might undo, make a copy." },
    { "SMTPSend-304", NULL, NULL, "The log of the queue was deleted",
      "Another program deleted or replaced the file that ends in -wal or -shm while httpd ran. The "
      "delivery daemon still had it: nothing is lost.",
      "Find out which program or person did that. These files belong to the queue." },
    { "SMTPSend-305", NULL, NULL, "The file of the queue was deleted",
      "Another program deleted it while httpd ran. The delivery daemon still had it and wrote it "
      "again: nothing is lost.",
      "Stop httpd before you delete a queue. To delete mail only, use smtp-send cancel." },
    { "SMTPSend-306", NULL, NULL, "The file of the queue was replaced",
      "Another file has its name now. What the former one held was saved: the line names the file. "
      "The delivery daemon continues with the new one.",
      "To send what was saved, stop httpd and put that file in the place of the queue, or open it "
      "with another httpd (SMTPSendQueue) and move its mail with smtp-send export and import." },
    { "SMTPSend-307", NULL, NULL, "The log of the queue grows",
      "A program that reads the queue for a long time keeps the log (-wal) from being emptied; it "
      "grows with each message.",
      "End that program; fuser -v with the file's name lists it. Make copies with sqlite3's "
      ".backup "
      "rather than with a long transaction." },
    { "SMTPSend-308", NULL, NULL, "The log of the queue is small again", "It could be emptied.",
      "No action needed." },
    { "SMTPSend-309", NULL, NULL, "The file of the queue is damaged",
      "More of it than single messages cannot be read. New mail is refused with 503; what can be "
      "read is "
      "still sent.",
      "Check the disk. Stop httpd, run smtp-send queue --recover with the queue's file, and "
      "replace "
      "the file with the new one." },
    { "SMTPSend-400", NULL, NULL, "Out of memory for a timer",
      "The machine is out of memory; one operation now has no timeout.",
      "Give the machine or the service more memory." },
    { "SMTPSend-501", NULL, "queue is full|queue-full|smtp_send.sock|daemon-down",
      "A submission was answered with 503",
      "The line gives the reason: the engine is off, the daemon does not respond, or the queue is "
      "full (SMTPSendQueueLimit) or not writable.",
      "Fix the cause. A program that submits mail should retry after the time in Retry-After." },
    { "SMTPSend-502", NULL, NULL, "Submissions of a batch were answered with 503",
      "The line gives the reason and the number.", "Fix the cause and submit those lines again." },
    { "SMTPSend-503", NULL, NULL, "The file of keys cannot be read",
      "Requests with AuthType smtp-send-key are answered with 500 until it can.",
      "Check path and permissions of SMTPSendKeyFile: httpd's User reads it at each request." },
    { "SMTPSend-504", NULL, NULL, "AuthType smtp-send-key without a file of keys",
      "The section names no keys, so that none can be accepted.",
      "Add SMTPSendKeyFile to it; smtp-send key add makes the file." },
    { "SMTPSend-505", NULL, NULL, "A key was refused",
      "A client came with a key that is not in SMTPSendKeyFile, or whose line cannot be read.",
      "Give the client a key (smtp-send key add), or correct the line that is named. Many such "
      "lines "
      "from one address: somebody is trying keys." },
};

const int ss_advice_log_count = (int)(sizeof(ss_advice_log_table) / sizeof(ss_advice_log_table[0]));
