/** Another process of the user that workers run as, which tries to share a port with them. */

/** Runs a program as nobody, who may yet read this project and the runtime's caches. */
const AS_NOBODY = [
  ...["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"],
  ...["--securebits=+no_setuid_fixup", "--inh-caps=+dac_override", "--ambient-caps=+dac_override"],
];

const PROGRAM = `
  try {
    const port = Number(Deno.args[0]);
    Deno.listen({ hostname: "127.0.0.1", port, reusePort: true }).close();
    console.log("listens");
  } catch (error) {
    console.log(error.name);
  }`;

/** Listens on a port of 127.0.0.1 as nobody, with SO_REUSEPORT: `listens`, or the name of Deno's error. */
export async function stealPort(port: number): Promise<string> {
  const [program, ...args] = [...AS_NOBODY, Deno.execPath(), "eval", "--unstable-net", PROGRAM];
  const command = new Deno.Command(program!, { args: [...args, String(port)], stderr: "inherit" });
  return new TextDecoder().decode((await command.output()).stdout).trim();
}
