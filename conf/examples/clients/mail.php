<?php
// PHP's own mail(): sendmail_path = "/usr/bin/smtp-send sendmail -t -i" in php.ini. usage: mail.php FROM TO
[, $from, $to] = $argv;
exit(mail($to, "It works", "hello\n.\nend\n", ["From" => $from], "-f$from") ? 0 : 1);
