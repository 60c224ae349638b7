/** The manual page stud(8), in roff for the man macros of groff and mandoc, from the option table. */

import { blockHelp, blockUsage, optionUsage, shownDefault } from "./help.ts";
import type { Block, Option } from "../config/options.ts";
import { BLOCKS, GROUPS, OBSOLETE_OPTIONS, optionHelp, OPTIONS } from "../config/options.ts";
import { ABBREVIATIONS, valueNotes } from "./value_notes.ts";

/**
 * The source of stud(8).
 *
 * @param date when its text last changed, `YYYY-MM-DD`
 */
export function manPage(version: string, date: string): string {
  return [
    '.\\" Generated from src/config/ by scripts/docs.ts; edit there.',
    `.TH STUD 8 "${date}" "stud ${version}" "System Manager's Manual"`,
    ...BEFORE_OPTIONS,
    ...BLOCKS.flatMap((block) => [
      ...BLOCK_EXAMPLES[block.key],
      ...block.options.flatMap((option) => blockEntry(option, block)),
    ]),
    ...COMMANDS,
    ".SH OPTIONS",
    ...paragraph(
      `${valueNotes()} ${ABBREVIATIONS} ` +
        "An unknown option or a wrong value is an error that names it; nothing is ignored silently.",
    ),
    ...GROUPS.flatMap((group) => [
      `.SS ${group}`,
      ...OPTIONS.filter((option) => option.group === group && !option.refusal).flatMap(entry),
    ]),
    ".SS Options of earlier releases that this one refuses",
    ...paragraph(
      "With one of these stud prints the reason and does not start. Setting one to its default is not an error.",
    ),
    ...OPTIONS.filter((option) => option.refusal).flatMap(refusedEntry),
    ".SS Options of earlier releases that are ignored",
    ...paragraph("stud ignores these and logs a warning."),
    ...OBSOLETE_OPTIONS.flatMap(obsoleteEntry),
    ...AFTER_OPTIONS,
    "",
  ].join("\n");
}

function entry(option: Option): string[] {
  const fallback = shownDefault(option);
  const sentences = fallback === undefined
    ? optionHelp(option)
    : `${optionHelp(option)} The default is ${fallback}.`;
  return [".TP", usage(option), ...paragraph(sentences)];
}

function refusedEntry(option: Option): string[] {
  const reason = option.refusal!;
  return [".TP", usage(option), ...paragraph(`${option.help} Refused: ${reason}.`)];
}

function obsoleteEntry(option: Option): string[] {
  return [".TP", usage(option), ...paragraph(`${option.help} Ignored: ${option.obsolete}.`)];
}

function blockEntry(option: Option, block: Block): string[] {
  const usage = escape(blockUsage(option)).replace(/^(\S+) = (.*)$/, "\\fB$1\\fR = \\fI$2\\fR");
  return [".TP", usage, ...paragraph(blockHelp(option, block))];
}

/** Options in bold, names of values in italics. */
function usage(option: Option): string {
  return optionUsage(option).split(/(--?[A-Za-z][a-z0-9-]*)/).map((part, index) => {
    if (index % 2 === 1) return `\\fB${escape(part)}\\fR`;
    return escape(part).replace(/[A-Za-z][A-Za-z|]*/g, "\\fI$&\\fR");
  }).join("");
}

/** One line per sentence, as is usual in roff, with options in bold. */
function paragraph(text: string): string[] {
  return text.split(/(?<=\.) (?=[A-Z])/).map((sentence) =>
    escape(sentence).replace(/\\-\\-[a-z](?:[a-z0-9]|\\-)*/g, "\\fB$&\\fR")
  );
}

function escape(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replace(/^[.']/, "\\&$&");
}

const COMMANDS = [
  ".SH COMMANDS",
  "These ask a running stud that was started with",
  ".BR \\-\\-status .",
  "Without an argument they ask /run/stud/status.sock or, if there is no such socket, 127.0.0.1:8404.",
  "With a pidfile or a process id, the address is read from the command line of that process and from its configuration file.",
  "A PEM file called status or top is given as ./status or ./top.",
  ".TP",
  ".B stud status",
  "prints a summary, or with",
  ".B \\-\\-json",
  "everything.",
  "The first line has the form that monitoring plugins have, and so has the exit status:",
  "0 if all is well, 1 with warnings, 2 if something is broken, 3 if stud does not answer.",
  ".TP",
  ".B stud top",
  "shows it live, together with the open connections, until",
  ".B q",
  "is pressed.",
  "The keys",
  ".BR b ,",
  ".BR a ,",
  ".BR i ,",
  ".B c",
  "and",
  ".B f",
  "sort connections by bytes, age, idle time, client and frontend.",
  "If standard input or output is no terminal, it prints plain text every second.",
];

const BEFORE_OPTIONS = [
  ".SH NAME",
  "stud \\- terminate TLS and pass the plaintext to a backend",
  ".SH SYNOPSIS",
  ".B stud",
  ".RI [ OPTIONS ]",
  ".IR PEM ...",
  ".br",
  ".B stud",
  ".RI [ OPTIONS ]",
  ".BR \\-\\-self\\-signed [=\\fINAME\\fR]",
  ".br",
  ".B stud",
  ".BR \\-\\-default\\-config | \\-\\-version | \\-\\-help",
  ".br",
  ".B stud status",
  ".RI [ \\fB\\-\\-json\\fR ]",
  ".RI [ ADDRESS | SOCKET | PIDFILE ]",
  ".br",
  ".B stud top",
  ".RI [ ADDRESS | SOCKET | PIDFILE ]",
  ".SH DESCRIPTION",
  ".B stud",
  "accepts TLS connections on its frontends and opens a connection to the backend for each of them.",
  "It relays the plaintext in both directions, unchanged.",
  "If one side closes its half of the connection, the other half stays open.",
  "stud can first send the client's address to the backend, see",
  ".BR \\-\\-write\\-proxy .",
  ".PP",
  "A supervisor reads the options and the files and starts the workers, which share the frontends.",
  "Only workers handle traffic.",
  "The supervisor replaces a worker that dies; only that worker's connections are lost.",
  ".SS Addresses",
  "An address is written",
  ".IR HOST,PORT ,",
  ".RI [ HOST ]: PORT",
  "or, with exactly one colon,",
  ".IR HOST:PORT .",
  "An IPv6 host needs the brackets in the last two forms.",
  ".I HOST",
  "is a name or an IP address;",
  ".I PORT",
  "is a number or a name from",
  ".BR services (5).",
  "A frontend whose",
  ".I HOST",
  "is * or empty listens on every IPv4 and IPv6 address.",
  "The backend may be the absolute path of a unix socket.",
  ".SS Certificates",
  "A client gets the certificate for the name that it asks for (SNI).",
  "stud compares that name with the names in subjectAltName, or with the common name if there are none.",
  "A certificate for exactly this name is preferred to a wildcard, which matches one label.",
  "Certificates with different key types, such as RSA and ECDSA, may have the same name: the client gets",
  "one that it can use.",
  "Of several with the same key type the first one listed is used.",
  "Clients without SNI, or with an unknown name, get the certificate listed last.",
  "If only",
  ".B \\-\\-pem\\-dir",
  "is given, they get the first one by file name.",
  ".B \\-\\-sni\\-nomatch\\-abort",
  "refuses clients with an unknown name.",
  "OpenSSL uses DH PARAMETERS in a PEM file for finite field Diffie\\-Hellman up to TLS 1.2.",
  ".SS TLS engines",
  "rustls is built into",
  ".BR stud .",
  "It serves one certificate and supports TLS 1.2 and 1.3 with a fixed choice of ciphers.",
  "The other engine is the OpenSSL 3 of this machine, which supports everything in this page.",
  "By default stud uses OpenSSL on Linux if it is installed, and otherwise rustls unless an option needs OpenSSL;",
  ".B \\-\\-tls\\-library",
  "chooses one.",
  "If an option needs OpenSSL and there is none,",
  ".B stud",
  "names the option and does not start.",
  ".SS Configuration file",
  "The file that",
  ".B \\-\\-config",
  "names has entries of the form",
  '.IR key " = " value ,',
  "one or more on each line.",
  "The syntax is that of hitch, which includes that of earlier releases of stud.",
  "Keys are the long names of options; those under",
  ".B Other",
  "below are for the command line only.",
  "Values may be in double or single quotes.",
  "Values with spaces, other than lists, must be.",
  "A # starts a comment.",
  "Flags are",
  '.BR on " or " off .',
  ".BR frontend ,",
  ".B pem\\-file",
  "and",
  ".B private\\-key",
  "may be repeated.",
  "An option on the command line replaces all values of its key.",
  ".B stud \\-\\-default\\-config",
  "prints a file to start from.",
];

/** The lines before the keys of a block. */
const BLOCK_EXAMPLES: Readonly<Record<Block["key"], readonly string[]>> = {
  "pem-file": [
    ".PP",
    "A",
    ".B pem\\-file",
    "may also be a block of keys in braces, on one or more lines:",
    ".PP",
    ".nf",
    ".RS 4",
    "pem\\-file = {",
    '    cert = "/etc/stud/site.crt"',
    '    private\\-key = "/etc/stud/site.key"',
    "}",
    ".RE",
    ".fi",
    ".PP",
    "Its keys apply to this certificate only:",
  ],
  "frontend": [
    ".PP",
    "So may a",
    ".BR frontend :",
    ".PP",
    ".nf",
    ".RS 4",
    "frontend = {",
    '    host = "*"',
    '    port = "443"',
    '    pem\\-file = "/etc/stud/site.pem"',
    "    tls\\-protos = TLSv1.3",
    "}",
    ".RE",
    ".fi",
    ".PP",
    "Its keys apply to this frontend only; for all other keys the global settings apply.",
    "A frontend with its own certificates serves no others.",
  ],
};

const AFTER_OPTIONS = [
  ".SH SIGNALS",
  "Send signals to the supervisor.",
  ".TP",
  ".B SIGTERM",
  "Stop listening, wait up to",
  ".B \\-\\-drain\\-timeout",
  "for open connections, then exit.",
  "A second",
  ".B SIGTERM",
  "exits immediately.",
  ".TP",
  ".B SIGINT, SIGQUIT",
  "Exit immediately.",
  ".TP",
  ".B SIGHUP",
  "Reload the configuration and the certificates without dropping connections, and open log files again.",
  "If something is wrong, stud logs it and keeps the current configuration.",
  "If stud runs on a terminal, this signal stops it like",
  ".BR SIGINT .",
  ".TP",
  ".B SIGURG",
  "Drain, like a first",
  ".BR SIGTERM .",
  "A stud that was started with",
  ".B \\-\\-takeover",
  "sends it to the one that it replaces.",
  "It does not count as a first or second",
  ".BR SIGTERM .",
  ".TP",
  ".B SIGUSR2",
  "Log the counters of every worker.",
  "A worker that receives it logs its own.",
  ".TP",
  ".B SIGUSR1, SIGALRM",
  "Ignored, like other signals that have no meaning for stud.",
  ".SH EXIT STATUS",
  ".TP",
  ".B 0",
  "Stopped by one of these signals, or",
  ".BR \\-\\-test ,",
  ".BR \\-\\-help ,",
  ".B \\-\\-version",
  "or",
  ".B \\-\\-default\\-config",
  "was successful.",
  ".TP",
  ".B 1",
  "An option, the configuration file or a certificate is wrong, or the system refused something.",
  "A line on standard error says what.",
  ".PP",
  ".B stud status",
  "exits with 0 if all is well, 1 with warnings, 2 if something is broken, 3 if stud does not answer;",
  ".B stud top",
  "with 0 or 3.",
  "If their own arguments are wrong, that is 1.",
  ".SH ENVIRONMENT",
  ".TP",
  ".B NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID",
  "Set by the service manager: where and how often",
  ".B stud",
  "reports that it is ready, alive or stopping, see",
  ".BR sd_notify (3).",
  ".TP",
  ".B LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES",
  "Set by the service manager: listening sockets that it passes to stud, see",
  ".BR sd_listen_fds (3).",
  ".TP",
  ".B SSL_CERT_FILE, SSL_CERT_DIR",
  "A PEM file, and directories separated by colons: the authorities that",
  ".B \\-\\-client",
  "trusts instead of those of this machine, unless",
  ".B \\-\\-backend\\-ca",
  "names others.",
  ".SH FILES",
  ".TP",
  ".I PEM",
  "Certificate, its chain and its private key.",
  "Only the supervisor reads it, at the start and on a reload.",
  "Only root should be able to read it.",
  ".TP",
  ".I /var/lib/hitch/",
  "Stored OCSP responses, see",
  ".BR \\-\\-ocsp\\-dir .",
  ".TP",
  ".I /run/stud/status.sock",
  "Socket where",
  ".B stud status",
  "and",
  ".B stud top",
  "ask if they are given no address.",
  ".TP",
  ".I /dev/log",
  "Socket that",
  ".B \\-\\-syslog",
  "writes to.",
  ".SH EXAMPLES",
  "Try stud in front of a web server on port 8000, with a certificate made in memory:",
  ".PP",
  ".nf",
  ".RS 4",
  "stud \\-\\-self\\-signed",
  "curl \\-k https://localhost:8443/",
  ".RE",
  ".fi",
  ".PP",
  "Serve port 443 with one worker per CPU, as an unprivileged user, and send the client's address to the backend:",
  ".PP",
  ".nf",
  ".RS 4",
  "stud \\-n auto \\-u nobody \\-f \\(aq*,443\\(aq \\-b 127.0.0.1,8080 \\e",
  "    \\-\\-write\\-proxy /etc/stud/site.pem",
  ".RE",
  ".fi",
  ".PP",
  "Check a configuration, then run it:",
  ".PP",
  ".nf",
  ".RS 4",
  "stud \\-\\-default\\-config > /etc/stud/stud.conf",
  "stud \\-\\-test \\-\\-config /etc/stud/stud.conf /etc/stud/site.pem",
  "stud \\-\\-config /etc/stud/stud.conf /etc/stud/site.pem",
  ".RE",
  ".fi",
  ".SH SEE ALSO",
  ".BR hitch (8),",
  ".BR haproxy (1),",
  ".BR nginx (8),",
  ".BR systemd.service (5),",
  ".BR services (5),",
  ".BR syslog (3),",
  ".BR tcp (7),",
  ".BR openssl\\-ciphers (1)",
  ".PP",
  "The PROXY protocol: https://www.haproxy.org/download/3.0/doc/proxy\\-protocol.txt",
];
