# Rails: config.action_mailer.delivery_method = :sendmail with these settings; the mail gem alone needs the same. usage: rails_like.rb /path/of/sendmail FROM TO
require "mail"

program, from, to = ARGV
Mail.defaults { delivery_method :sendmail, location: program, arguments: "-i" }
Mail.deliver do
  from from
  to to
  subject "Grüße"
  body "It works.\n.\nend\n"
end
# The mail gem before 2.8 does not look at the exit code.
abort "the message was not accepted" unless $?.success?
