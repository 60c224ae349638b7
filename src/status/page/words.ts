/** Numbers, sizes and times as the page writes them. Runs in the browser too: see tree.ts. */

import { el, type Tree } from "./tree.ts";

/** A number with its thousands apart. */
export function count(value: number): string {
  return `${Math.round(value)}`.replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A small number, such as a rate: with decimals below 100. */
export function rate(value: number): string {
  return value >= 100 ? count(value) : `${Math.round(value * 10) / 10}`;
}

/** A size, by powers of 1,000. */
export function size(bytes: number | null): string {
  if (bytes === null) return "–";
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

/** A share of 1 in percent. */
export function percent(share: number | null): string {
  if (share === null || !Number.isFinite(share)) return "–";
  const value = share * 100;
  return `${value === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} %`;
}

/** A duration of seconds in its largest two units; below a second in milliseconds. */
export function span(seconds: number | null): string {
  if (seconds === null) return "–";
  if (seconds > 0 && seconds < 1) {
    const milliseconds = seconds * 1000;
    return `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`;
  }
  if (seconds < 10 && !Number.isInteger(seconds)) return `${seconds.toFixed(1)} s`;
  const whole = Math.floor(seconds);
  const [d, h, min, s] = [
    Math.floor(whole / 86400),
    Math.floor(whole / 3600) % 24,
    Math.floor(whole / 60) % 60,
    whole % 60,
  ];
  if (d >= 10) return `${count(d)} d`;
  if (d > 0) return h > 0 ? `${d} d ${h} h` : `${d} d`;
  if (h > 0) return min > 0 ? `${h} h ${min} min` : `${h} h`;
  if (min >= 10) return `${min} min`;
  if (min > 0) return s > 0 ? `${min} min ${s} s` : `${min} min`;
  return `${s} s`;
}

/** Days until a certificate expires. */
export function days(left: number): string {
  const whole = Math.floor(Math.abs(left));
  if (left < 0) return whole < 1 ? "expired today" : `expired ${many(whole, "day")} ago`;
  return whole < 1 ? `${Math.max(0, Math.round(left * 24))} hours` : many(whole, "day");
}

/** A number and its noun. */
export function many(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** How long before `now` a moment was; both ISO 8601. The moment itself is its tooltip. */
export function ago(moment: string | null, now: string): Tree | string {
  if (moment === null) return "–";
  const seconds = Math.max(0, Math.floor((Date.parse(now) - Date.parse(moment)) / 1000));
  return el("time", { datetime: moment, title: moment }, `${span(seconds)} ago`);
}

/** The day of a moment, as `2026-11-28`. */
export function day(moment: string): Tree {
  return el("time", { datetime: moment, title: moment }, moment.slice(0, 10));
}

/** The functions of this file, for the page's script. */
export const WORDS = [count, rate, size, percent, span, days, many, ago, day];
