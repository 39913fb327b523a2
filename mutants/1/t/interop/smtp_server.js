// nodemailer's smtp-server as a relay: its first argument says how, as JSON; a line of JSON first for its port, then one for each message and login.
'use strict';
const fs = require('fs');
const { SMTPServer } = require('smtp-server');
const how = JSON.parse(process.argv[2]);
const say = (what) => process.stdout.write(JSON.stringify(what) + '\n');

function refusal(reply) {
    const error = new Error(reply.slice(4));
    error.responseCode = Number(reply.slice(0, 3));
    return error;
}

const server = new SMTPServer({
    secure: how.tls === 'immediate',
    disabledCommands: [...(how.tls === 'starttls' ? [] : ['STARTTLS']), ...(how.auth ? [] : ['AUTH'])],
    ...(how.tls ? { cert: fs.readFileSync(how.cert[0]), key: fs.readFileSync(how.cert[1]) } : {}),
    allowInsecureAuth: how.tls !== 'starttls',
    authMethods: how.methods || ['PLAIN', 'LOGIN'],
    authOptional: !how.auth,
    disableReverseLookup: true,
    size: how.size,
    onAuth(auth, session, done) {
        const right = how.auth[auth.username] !== undefined &&
            (auth.method === 'CRAM-MD5' ? auth.validatePassword(how.auth[auth.username]) : how.auth[auth.username] === auth.password);
        say({ login: auth.method, right });
        done(right ? null : refusal('535 no such login'), right ? { user: auth.username } : undefined);
    },
    onMailFrom(address, session, done) {
        done(how.refuses[address.address] ? refusal(how.refuses[address.address]) : null);
    },
    onRcptTo(address, session, done) {
        done(how.refuses[address.address] ? refusal(how.refuses[address.address]) : null);
    },
    onData(stream, session, done) {
        const parts = [];
        stream.on('data', (part) => parts.push(part));
        stream.on('end', () => {
            say({ sender: session.envelope.mailFrom.address, rcpts: session.envelope.rcptTo.map((r) => r.address), data: Buffer.concat(parts).toString('base64') });
            done(null, 'taken');
        });
    },
});
server.on('error', (error) => process.stderr.write(`${error.message}\n`));
server.listen(0, '127.0.0.1', () => say({ port: server.server.address().port }));
