// usage: nodemailer.js smtp|sendmail
const nodemailer = require("nodemailer");
const is = (name) => process.env["MAIL_" + name];
const transport = process.argv[2] === "smtp" ? { host: "127.0.0.1", port: is("PORT"), ignoreTLS: true } : { sendmail: true, path: is("SENDMAIL"), newline: "unix" };

nodemailer.createTransport(transport).sendMail({ from: { name: is("FROM_NAME"), address: is("FROM") }, to: { name: is("TO_NAME"), address: is("TO") }, cc: is("CC"),
    bcc: is("BCC"), subject: is("SUBJECT"), text: is("TEXT"), attachments: [{ path: is("FILE") }] }).catch((error) => { console.error(error); process.exit(1); });
