// usage: undici.js json|form
const fs = require("fs"), path = require("path");
const { fetch, FormData, File } = require("undici");
const is = (name) => process.env["MAIL_" + name];
const file = { filename: path.basename(is("FILE")), content: fs.readFileSync(is("FILE")) };

async function main() {
    let request;
    if (process.argv[2] === "json") {
        request = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ from: { name: is("FROM_NAME"), address: is("FROM") },
            to: { name: is("TO_NAME"), address: is("TO") }, cc: is("CC"), bcc: is("BCC"), subject: is("SUBJECT"), text: is("TEXT"),
            attachments: [{ filename: file.filename, content: file.content.toString("base64") }] }) };
    } else {
        const form = new FormData();
        for (const [name, value] of Object.entries({ from: `"${is("FROM_NAME")}" <${is("FROM")}>`, to: `"${is("TO_NAME")}" <${is("TO")}>`, cc: is("CC"), bcc: is("BCC"),
            subject: is("SUBJECT"), text: is("TEXT") })) form.append(name, value);
        form.append("attachments", new File([file.content], file.filename, { type: "application/octet-stream" }));
        request = { method: "POST", body: form };
    }
    const answer = await fetch(is("URL"), request);
    if (answer.status !== 202) throw new Error(await answer.text());
}
main().catch((error) => { console.error(error); process.exit(1); });
