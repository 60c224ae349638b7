/** Log lines as hitch begins them, for programs that read its log file. */

/**
 * A line without a newline: `YYYYmmddTHHMMSS.uuuuuu [pid] text`, in local time. The clock tells milliseconds,
 * so the last three digits are 0.
 */
export function hitchStamp({ date, pid, text }: { date: Date; pid: number; text: string }): string {
  const two = (part: number) => String(part).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("");
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join("");
  const fraction = String(date.getMilliseconds()).padStart(3, "0") + "000";
  return `${day}T${time}.${fraction} [${String(pid).padStart(5)}] ${text}`;
}
