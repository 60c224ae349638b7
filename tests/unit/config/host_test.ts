import { canonicalHost, isHostName } from "../../../src/config/host.ts";
import { isIpAddress } from "../../../src/wire/ip_address.ts";
import { assert, assertEquals } from "../../support/assert.ts";

Deno.test("isIpAddress() takes four decimal numbers and nothing that could be octal or shortened", () => {
  for (const text of ["0.0.0.0", "127.0.0.1", "255.255.255.255"]) {
    assertEquals(isIpAddress(text), true, text);
  }
  for (
    const text of [
      "",
      "1.2.3",
      "1.2.3.4.5",
      "1.2.3.256",
      "01.2.3.4",
      "1.2.3.",
      "1.2.3.4 ",
      "0x1.2.3.4",
    ]
  ) {
    assertEquals(isIpAddress(text), false, text);
  }
});

Deno.test("isIpAddress() takes the forms of RFC 4291, with a zone", () => {
  const sound = [
    "::",
    "::1",
    "1::",
    "1:2:3:4:5:6:7:8",
    "1::8",
    "::2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7::",
  ]
    .concat(["FE80::a", "::ffff:1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "fe80::1%eth0.5"]);
  for (const text of sound) assertEquals(isIpAddress(text), true, text);
  const broken = [
    "",
    ":",
    ":::",
    "1",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1::2::3",
    "::12345",
    "::g",
  ]
    .concat([
      ":1",
      "1:",
      "1.2.3.4::",
      "::1.2.3.4:1",
      "::1%",
      "::1%a%b",
      "1:2:3:4:5:6:7:1.2.3.4",
      " ::1",
    ])
    .concat(["1:2:3:4::5:6:7:8"]);
  for (const text of broken) assertEquals(isIpAddress(text), false, text);
});

Deno.test("isHostName() takes labels of 63 and names of 253 characters", () => {
  const label = "a".repeat(63);
  const longest = [label, label, label, "a".repeat(61)].join(".");
  for (
    const text of ["a", "a-b.c", "3com.example", "_dmarc.example", "a.", longest, `${longest}.`]
  ) {
    assertEquals(isHostName(text), true, text);
  }
  for (
    const text of [
      "",
      ".",
      "a..b",
      "-a",
      "a-",
      "1.2.3",
      "8000",
      `${label}a`,
      `${longest}a`,
      "ä",
      "a b",
    ]
  ) {
    assertEquals(isHostName(text), false, text);
  }
});

Deno.test("canonicalHost() spells equal hosts equally", () => {
  assertEquals(canonicalHost("::ffff:1.2.3.4"), canonicalHost("0:0:0:0:0:FFFF:0102:0304"));
  assertEquals(canonicalHost("FE80::1%Eth0"), canonicalHost("fe80:0:0:0:0:0:0:1%Eth0"));
  assert(canonicalHost("fe80::1%eth0") !== canonicalHost("fe80::1%eth1"));
  assertEquals(canonicalHost("Example.com"), "example.com");
});
