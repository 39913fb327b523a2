# The mail gem, as Rails uses it. usage: mail.rb smtp|sendmail
require "mail"

if ARGV[0] == "smtp"
  Mail.defaults { delivery_method :smtp, address: "127.0.0.1", port: ENV["MAIL_PORT"].to_i, enable_starttls_auto: false }
else
  Mail.defaults { delivery_method :sendmail, location: ENV["MAIL_SENDMAIL"], arguments: "-i" }
end
mail = Mail.new(charset: "UTF-8")
mail.from = %("#{ENV["MAIL_FROM_NAME"]}" <#{ENV["MAIL_FROM"]}>)
mail.to = %("#{ENV["MAIL_TO_NAME"]}" <#{ENV["MAIL_TO"]}>)
mail.cc = ENV["MAIL_CC"]
mail.bcc = ENV["MAIL_BCC"]
mail.subject = ENV["MAIL_SUBJECT"]
mail.body = ENV["MAIL_TEXT"]
mail.add_file(ENV["MAIL_FILE"])
mail.deliver
