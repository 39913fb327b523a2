# MIME::Lite, which sends octets as they are given. usage: mime_lite.pl smtp|sendmail
use strict;
use warnings;
use Encode;
use File::Basename;
use MIME::Lite;

sub words { encode("MIME-Header", decode("UTF-8", $_[0])) }
my $mail = MIME::Lite->new(From => words($ENV{MAIL_FROM_NAME}) . " <$ENV{MAIL_FROM}>", To => words($ENV{MAIL_TO_NAME}) . " <$ENV{MAIL_TO}>", Cc => $ENV{MAIL_CC},
    Bcc => $ENV{MAIL_BCC}, Subject => words($ENV{MAIL_SUBJECT}), Type => "multipart/mixed");
$mail->attach(Type => "text/plain; charset=utf-8", Encoding => "quoted-printable", Data => $ENV{MAIL_TEXT});
$mail->attach(Type => "application/octet-stream", Path => $ENV{MAIL_FILE}, Filename => words(basename($ENV{MAIL_FILE})), Disposition => "attachment");
if ($ARGV[0] eq "smtp") {
    $mail->send("smtp", "127.0.0.1", From => $ENV{MAIL_FROM}, Port => $ENV{MAIL_PORT}) or die;
} else {
    $mail->send("sendmail", "$ENV{MAIL_SENDMAIL} -t -oi -f $ENV{MAIL_FROM}") or die;
}
