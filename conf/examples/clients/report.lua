-- mod_lua: LuaMapHandler /report /etc/apache2/report.lua. Mails the text of a form; SetEnv MAIL_TO and SENDMAIL set the recipient and the program.
function handle(r)
    local form = r:parsebody()
    local pipe = io.popen((r.subprocess_env["SENDMAIL"] or "/usr/sbin/sendmail") .. " -t -i", "w")
    pipe:write("From: web@example.com\nTo: " .. r.subprocess_env["MAIL_TO"] .. "\nSubject: A report\n\n" .. (form["text"] or "") .. "\n")
    -- Lua 5.2 and newer say here whether the program succeeded; its error text is in httpd's error log.
    local sent = pipe:close()
    if not sent then r.status = 503 end
    r:puts(sent and "sent\n" or "not sent\n")
    return apache2.OK
end
