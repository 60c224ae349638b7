/** The manual page stud(8), in roff for the man macros of groff and mandoc, from the option table. */

import { blockHelp, blockUsage, optionUsage, shownDefault } from "./help.ts";
import type { Block, Option } from "../config/options.ts";
import { BLOCKS, GROUPS, OBSOLETE_OPTIONS, optionHelp, OPTIONS } from "../config/options.ts";
import { valueNotes } from "./value_notes.ts";

/**
 * The source of stud(8).
 *
 * @param date of the last change of its text, `YYYY-MM-DD`
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
    ".SH OPTIONS",
    ...paragraph(
      `${valueNotes()} A long option may be cut short while it is clear which one is meant. ` +
        "An unknown option or a wrong value is an error that names it; nothing is ignored.",
    ),
    ...GROUPS.flatMap((group) => [
      `.SS ${group}`,
      ...OPTIONS.filter((option) => option.group === group && !option.refusal).flatMap(entry),
    ]),
    ".SS Options of earlier releases that this one refuses",
    ...paragraph(
      "stud does not start with these, and says why. Setting one to its default is not an error.",
    ),
    ...OPTIONS.filter((option) => option.refusal).flatMap(refusedEntry),
    ".SS Options of earlier releases that are ignored",
    ...paragraph("stud warns of these and ignores them."),
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

/** A line for each sentence, as roff likes it, with options in bold. */
function paragraph(text: string): string[] {
  return text.split(/(?<=\.) (?=[A-Z])/).map((sentence) =>
    escape(sentence).replace(/\\-\\-[a-z](?:[a-z0-9]|\\-)*/g, "\\fB$&\\fR")
  );
}

function escape(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replace(/^[.']/, "\\&$&");
}

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
  ".SH DESCRIPTION",
  ".B stud",
  "accepts TLS connections on its frontends, and for each opens a connection to the backend, to which it",
  "passes the plaintext, in both directions and unchanged.",
  "When one side ends its half of the connection, the other half goes on.",
  "It can tell the backend the address of the client first, see",
  ".BR \\-\\-write\\-proxy .",
  ".PP",
  "A supervisor reads the options and the files and starts the workers, which share the frontends.",
  "Only workers touch traffic.",
  "A worker that dies is replaced; only its own connections are lost.",
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
  "A client is served the certificate for the name that it asks for (SNI), out of the subjectAltName, else the",
  "common name.",
  "A certificate for just this name is preferred to one for a wildcard, which stands for one label.",
  "Certificates with keys of several types, such as RSA and ECDSA, may be for the same name: the client gets",
  "one that it can use; of the same type it is the one listed first.",
  "A client that asks for no name, or for one that no certificate is for, gets the one listed last, or with",
  ".B \\-\\-pem\\-dir",
  "alone the first by the name of its file, unless",
  ".B \\-\\-sni\\-nomatch\\-abort",
  "refuses it.",
  "DH PARAMETERS in a PEM file are used by OpenSSL for finite field Diffie\\-Hellman up to TLS 1.2.",
  ".SS TLS engines",
  "rustls is built into",
  ".BR stud .",
  "It serves one certificate, and speaks TLS 1.2 and 1.3 with its own choice of ciphers.",
  "The other engine is the OpenSSL 3 of the machine; it can do everything that is described here.",
  "Unless",
  ".B \\-\\-tls\\-library",
  "says otherwise it is OpenSSL on Linux, where there is one, or if an option needs it, and rustls elsewhere.",
  "Where there is no OpenSSL and an option needs it,",
  ".B stud",
  "does not start, and names the option.",
  ".SS Configuration file",
  "The file that",
  ".B \\-\\-config",
  "names has entries of the form",
  '.IR key " = " value ,',
  "each on a line of its own or several on one; it is hitch's syntax, of which stud's is a part.",
  "Keys are the long names of options; those under",
  ".B Other",
  "below are for the command line only.",
  "Values may stand in double or single quotes, and must where they contain spaces and are no lists.",
  "A # starts a comment.",
  "Flags are",
  '.BR on " or " off .',
  ".BR frontend ,",
  ".B pem\\-file",
  "and",
  ".B private\\-key",
  "may have several lines.",
  "An option on the command line replaces all values of its key.",
  ".B stud \\-\\-default\\-config",
  "prints a file to start from.",
];

/** What comes before the keys of a block. */
const BLOCK_EXAMPLES: Readonly<Record<Block["key"], readonly string[]>> = {
  "pem-file": [
    ".PP",
    "A",
    ".B pem\\-file",
    "may also be a block of keys in braces, on one line or on several:",
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
    "Its keys are for this certificate alone:",
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
    "Its keys are for this frontend alone; what it does not say is as it is in general.",
    "A frontend with certificates of its own serves no others.",
  ],
};

const AFTER_OPTIONS = [
  ".SH SIGNALS",
  "Send signals to the supervisor.",
  ".TP",
  ".B TERM",
  "Stop listening, let open connections go on for at most",
  ".B \\-\\-drain\\-timeout",
  "seconds, then end.",
  "A second",
  ".B TERM",
  "ends at once.",
  ".TP",
  ".B INT, QUIT",
  "End at once.",
  ".TP",
  ".B HUP",
  "Read command line, configuration file and certificates again and serve by what they say now, and open",
  "log files anew.",
  "No connection is lost; if something is wrong, a line says so and nothing changes.",
  "On a terminal it ends stud, like",
  ".BR INT .",
  ".TP",
  ".B URG",
  "What a successor sends that was started with",
  ".BR \\-\\-takeover :",
  "as",
  ".BR TERM ,",
  "but it never counts as a first or second one.",
  ".TP",
  ".B USR2",
  "Write the counters of every worker to the log.",
  "A worker that gets it writes its own.",
  ".TP",
  ".B USR1, ALRM",
  "Ignored, like the other signals that would end a program by default and have no meaning for stud.",
  ".SH EXIT STATUS",
  ".TP",
  ".B 0",
  "Ended by a signal as above, or",
  ".BR \\-\\-test ,",
  ".BR \\-\\-help ,",
  ".B \\-\\-version",
  "or",
  ".B \\-\\-default\\-config",
  "has done its work.",
  ".TP",
  ".B 1",
  "An option, the configuration file or a certificate is wrong, or the machine refused something: a line on",
  "standard error says what.",
  ".SH ENVIRONMENT",
  ".TP",
  ".B NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID",
  "Where the service manager hears that",
  ".B stud",
  "serves, lives and ends, and how often:",
  ".BR sd_notify (3).",
  ".TP",
  ".B LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES",
  "Sockets of the service manager to serve on:",
  ".BR sd_listen_fds (3).",
  ".SH FILES",
  ".TP",
  ".I PEM",
  "Certificate, its chain and its private key, read once at the start by the supervisor.",
  "Only root should be able to read it.",
  ".TP",
  ".I /var/lib/hitch/",
  "Stored OCSP responses, see",
  ".BR \\-\\-ocsp\\-dir .",
  ".TP",
  ".I /dev/log",
  "Socket that",
  ".B \\-\\-syslog",
  "writes to.",
  ".SH EXAMPLES",
  "Try it out in front of a web server on port 8000, with a certificate made on the spot:",
  ".PP",
  ".nf",
  ".RS 4",
  "stud \\-\\-self\\-signed",
  "curl \\-k https://localhost:8443/",
  ".RE",
  ".fi",
  ".PP",
  "Serve port 443 with a worker for each CPU, as an unprivileged user, and tell the backend who the client is:",
  ".PP",
  ".nf",
  ".RS 4",
  "stud \\-n auto \\-u nobody \\-f \\(aq*,443\\(aq \\-b 127.0.0.1,8080 \\-\\-write\\-proxy /etc/stud/site.pem",
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
