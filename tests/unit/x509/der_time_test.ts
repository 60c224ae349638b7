/** Times in DER. */

import { DerFormatError, readDer } from "../../../src/x509/der.ts";
import { derTime, encodeDerTime } from "../../../src/x509/der_time.ts";
import { assertEquals, assertThrows } from "../../support/assert.ts";
import { der } from "../../support/made_ocsp_responses.ts";

const time = (tag: number, text: string) =>
  derTime(readDer(der(tag, new TextEncoder().encode(text))));

Deno.test("derTime() reads both forms", () => {
  assertEquals(time(0x17, "491231235959Z"), new Date("2049-12-31T23:59:59Z"));
  assertEquals(time(0x17, "500101000000Z"), new Date("1950-01-01T00:00:00Z"));
  assertEquals(time(0x18, "20500228000000Z"), new Date("2050-02-28"));
  assertEquals(time(0x18, "20300101000000.25Z"), new Date("2030-01-01"));
});

Deno.test("encodeDerTime() writes what derTime() reads, in the form that the year asks for", () => {
  for (
    const [text, tag] of [["2049-12-31T23:59:59Z", 0x17], ["2050-01-01T00:00:00Z", 0x18]] as const
  ) {
    const element = readDer(encodeDerTime(new Date(text)));
    assertEquals([element.tag, derTime(element)], [tag, new Date(text)]);
  }
});

Deno.test("derTime() refuses everything else", () => {
  for (
    const [tag, text] of [
      [0x18, "20300230000000Z"],
      [0x18, "20301301000000Z"],
      [0x18, "20300101000000+0100"],
      [0x18, "300101000000Z"],
      [0x17, "20300101000000Z"],
      [0x0c, "20300101000000Z"],
      [0x18, ""],
    ] as const
  ) assertThrows(() => time(tag, text), DerFormatError);
});
