# Mail::Sendmail, which has no attachments of its own: raw UTF-8 in one text. It speaks SMTP only.
use strict;
use warnings;
use Mail::Sendmail;

sendmail(From => qq("$ENV{MAIL_FROM_NAME}" <$ENV{MAIL_FROM}>), To => qq("$ENV{MAIL_TO_NAME}" <$ENV{MAIL_TO}>), Cc => $ENV{MAIL_CC}, Bcc => $ENV{MAIL_BCC},
    Subject => $ENV{MAIL_SUBJECT}, "Content-Type" => "text/plain; charset=utf-8", Message => $ENV{MAIL_TEXT}, smtp => "127.0.0.1:$ENV{MAIL_PORT}", retries => 0)
    or die $Mail::Sendmail::error;
